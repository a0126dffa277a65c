"""What a gateway says of a call's price: tier, tools and money, and what is no such thing."""

from decimal import Decimal

import pytest

from conversations.upstream import Billing, Decoder
from conversations.upstream.billing import money
from tests.support.event_folding import ASKED, ask, decoded
from tests.support.gateway import USAGE, Script
from tests.support.sse_frames import chunk, completed, created, stream


def read(response):
    return Billing().updated(response)


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        (0.0123, "0.0123"),
        (0, "0"),
        ("0.0123", "0.0123"),
        (" 1e-5 ", "0.00001"),
        (1, "1"),
        (0.000000001, "0"),
        (-1, None),
        ("-0.5", None),
        (True, None),
        (float("nan"), None),
        (float("inf"), None),
        ("NaN", None),
        ("Infinity", None),
        (1e300, None),
        ("1e999999999", None),
        ("9" * 10_000, None),
        ("", None),
        ("free", None),
        (None, None),
        ([], None),
        ({}, None),
    ],
)
def test_an_amount_of_money_is_believed_if_it_can_be(value, amount):
    assert money(value) == (None if amount is None else Decimal(amount))


def test_openrouter_names_the_cost_in_usage_and_perplexity_in_an_object():
    assert read({"usage": {"cost": 0.25}}) == Billing("", None, Decimal("0.25"), "usage")
    assert read({"usage": {"cost": {"total_cost": 0.25}}}).cost == Decimal("0.25")


def test_litellms_header_counts_only_for_a_body_and_never_above_usage():
    header = {"x-litellm-response-cost": "0.5"}
    assert Billing().with_header(header) == Billing(cost=Decimal("0.5"), cost_source="header")
    named = read({"usage": {"cost": 0.25}})
    assert named.with_header(header) == named
    assert Billing().with_header({"x-litellm-response-cost": "None"}) == Billing()


@pytest.mark.parametrize("is_stream", [True, False])
@pytest.mark.parametrize("dialect", ["responses", "chat"])
def test_the_header_of_a_stream_left_before_its_cost_was_known(gateway, is_stream, dialect):
    gateway.will(Script(headers={"x-litellm-response-cost": "0.5"}, dialect=dialect))
    last = ask(gateway.url, {**ASKED, "stream": is_stream})[-1]
    assert last.billing.cost == (None if is_stream else Decimal("0.5"))


def test_the_tier_is_the_one_that_the_end_names():
    decoder = Decoder()
    [started] = decoder.feed(stream(created(service_tier="auto")).encode())
    assert started.service_tier == "auto"
    said = {"service_tier": "priority", "tool_usage": TOOLS, "usage": {**USAGE, "cost": 0.25}}
    last = decoder.feed(stream(completed(**said)).encode())[-1]
    assert last.billing == Billing("priority", TOOLS, Decimal("0.25"), "usage")


def test_chunks_of_a_completion_name_the_tier_too():
    last = decoded_chat(chunk("Hi", service_tier="default"), chunk(None, "stop", usage=USAGE))
    assert last.billing.service_tier == "default"


def decoded_chat(*chunks):
    """The last event of a stream of chunks."""
    return decoded(stream(*chunks, "[DONE]", names=False)).end


TOOLS = {"web_search": {"num_requests": 2}, "image_gen": {"input_tokens": 5}}


def test_the_use_of_tools_is_kept_as_it_came():
    assert read({"tool_usage": TOOLS}).tool_usage == TOOLS
    assert read({"tool_usage": TOOLS, "usage": {"server_tool_use": {"a": 1}}}).tool_usage == {
        **TOOLS,
        "server_tool_use": {"a": 1},
    }
    searched = {"prompt_tokens": 5, "prompt_tokens_details": {"web_search_requests": 3}}
    assert read({"usage": searched}).tool_usage == {"server_tool_use": {"web_search_requests": 3}}


@pytest.mark.parametrize("nothing", [None, {}, [], "web_search", 3, float("nan")])
def test_what_is_no_use_of_tools_is_none(nothing):
    assert read({"tool_usage": nothing}).tool_usage is None


def test_what_no_database_stores_is_left_out_and_what_is_endless_cut():
    deep = {}
    for _ in range(900):
        deep = {"deeper": deep}
    hostile = {
        "a\0b": "c\0d\ud83e",
        "nan": float("nan"),
        "huge": 10**40,
        "list": [1, float("inf"), "x" * 5_000],
        "deep": deep,
        **{f"member {n}": n for n in range(5_000)},
    }
    kept = read({"tool_usage": hostile}).tool_usage
    assert kept["ab"] == "cd\ufffd"
    assert "nan" not in kept and "huge" not in kept
    assert kept["list"] == [1, "x" * 200]
    assert len(kept) <= 200
    assert str(kept["deep"]).count("deeper") <= 5


@pytest.mark.parametrize(
    ("tier", "kept"), [("flex", "flex"), (None, ""), (3.5, ""), ("x" * 500, "x" * 50), ({}, "")]
)
def test_a_tier_is_a_short_word(tier, kept):
    assert read({"service_tier": tier}).service_tier == kept
    assert read({"usage": {"service_tier": tier}}).service_tier == kept
