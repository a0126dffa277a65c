"""What is known of a reply's call, for the person who asks."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.utils import timezone, translation

from conversations.models import Response
from conversations.thread.response_facts import facts, review_facts

ASKED = datetime(2026, 11, 22, 21, 30, tzinfo=UTC)


def call(**values):
    return Response(model="fast", created_at=ASKED, **values)


def row(name, value):
    return f'<dt>{name}</dt><dd dir="auto">{value}</dd>'


def test_what_is_not_known_is_not_said():
    assert facts(call(), "EUR") == (
        row("Model", "fast") + row("Tokens", "not reported") + row("Asked", "22 Nov 2026, 21:30")
    )


def test_what_is_known_is_said_and_escaped():
    html = facts(
        call(
            answered_model="<fast>",
            input_tokens=12345,
            cached_tokens=1000,
            output_tokens=0,
            reasoning_tokens=7,
            cost=Decimal("0.0250"),
            first_token_at=ASKED + timedelta(seconds=0.75),
            finished_at=ASKED + timedelta(seconds=90),
        ),
        "EUR",
    )
    for name, value in (
        ("Answered by", "&lt;fast&gt;"),
        ("Input tokens", "12,345"),
        ("of them cached", "1,000"),
        ("Output tokens", "0"),
        ("of them reasoning", "7"),
        ("Cost", "0.025 EUR"),
        ("First word after", "0.8 s"),
        ("Finished after", "90.0 s"),
    ):
        assert row(name, value) in html


def test_a_call_of_which_only_a_part_has_a_price_is_unpriced():
    unpriced = row("Cost", "unpriced")
    assert unpriced in facts(call(missing_prices="cache_write, web_search"), "EUR")
    assert unpriced not in facts(call(missing_prices="model"), "EUR")


def test_each_reads_them_in_their_language_and_zone():
    ours = call(input_tokens=12345)
    assert "21:30" in facts(ours, "EUR")
    with timezone.override("Asia/Shanghai"):
        assert "23 Nov 2026, 05:30" in facts(ours, "EUR")
        with translation.override("zh-hans"):
            assert "<dt>模型</dt>" in facts(ours, "EUR")
    assert "21:30" in facts(ours, "EUR")


def test_what_became_known_is_said():
    ours = call()
    assert "Finished" not in facts(ours, "EUR")
    ours.finished_at = ASKED + timedelta(seconds=2)
    assert "2.0 s" in facts(ours, "EUR")


def test_a_reviewer_reads_the_same_and_how_the_call_went():
    ours = call(
        purpose="reply",
        input_tokens=3,
        usage_source="estimated",
        estimated_output_tokens=1234,
        attempts=2,
        http_status=503,
        error_code="server",
        error_message="<b>down</b>",
        refusal="No & no.",
        request_id="req-1",
    )
    html = review_facts(ours, "EUR")
    assert html.startswith(facts(ours, "EUR"))
    for name, value in (
        ("Purpose", "reply"),
        ("Estimated tokens", "– + 1,234"),
        ("Cost", "unpriced"),
        ("Attempts", "2"),
        ("HTTP", "503"),
        ("Refusal", "No &amp; no."),
        ("Request", "req-1"),
    ):
        assert row(name, value) in html
    assert "“&lt;b&gt;down&lt;/b&gt;”" in html
