"""Usage in every naming, and numbers that are none."""

import pytest

from conversations.upstream import Usage


@pytest.mark.parametrize(
    ("reported", "usage"),
    [
        (
            {
                "input_tokens": 10,
                "input_tokens_details": {"cached_tokens": 4},
                "output_tokens": 5,
                "output_tokens_details": {"reasoning_tokens": 2},
                "total_tokens": 15,
            },
            Usage(10, 4, 5, 2, 15),
        ),
        (
            {
                "prompt_tokens": 10,
                "prompt_tokens_details": {"cached_tokens": 4},
                "completion_tokens": 5,
                "completion_tokens_details": {"reasoning_tokens": 2},
            },
            Usage(10, 4, 5, 2, 15),
        ),
        (
            {"input_tokens": 0, "prompt_tokens": 10, "output_tokens": 5, "completion_tokens": 0},
            Usage(10, None, 5, None, 15),
        ),
        (
            {"prompt_tokens": 10, "output_tokens": 5, "input_tokens_details": None},
            Usage(10, None, 5, None, 15),
        ),
        ({"output_tokens": 5}, Usage(None, None, 5, None, None)),
        ({"total_tokens": 15}, Usage(None, None, None, None, 15)),
        ({"input_tokens": 10.0, "output_tokens": 5}, Usage(10, None, 5, None, 15)),
        (
            {"input_tokens": 3, "input_tokens_details": {"cached_tokens": 9}},
            Usage(3, 3, None, None, None),
        ),
        (
            {"output_tokens": 3, "output_tokens_details": {"reasoning_tokens": 9}},
            Usage(None, None, 3, 3, None),
        ),
        (
            {"output_tokens": 3, "output_tokens_details": {"reasoning_tokens": None}},
            Usage(None, None, 3, None, None),
        ),
        ({"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}, None),
        ({}, None),
        (None, None),
        ("10", None),
        ([10], None),
    ],
)
def test_usage_is_read_field_by_field(reported, usage):
    assert Usage.read(reported) == usage


@pytest.mark.parametrize(
    "number",
    ["10", True, -1, 1.5, float("nan"), float("inf"), 2**53 + 1, 10**40, None, [10], {}],
)
def test_what_is_no_number_of_tokens_is_unknown(number):
    usage = Usage.read({"input_tokens": number, "output_tokens": 5, "total_tokens": number})
    assert usage == Usage(None, None, 5, None, None)


def kept_for(half_an_hour, half_a_day):
    """What OpenAI says of how long what was written to the cache is kept."""
    cut = {"ttl_30m_tokens": half_an_hour, "ttl_12h_tokens": half_a_day}
    return {"cache_write_tokens_details": cut}


@pytest.mark.parametrize(
    ("details", "written", "long"),
    [
        ({"input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 900}}, 900, None),
        ({"prompt_tokens_details": {"cached_tokens": 0, "cache_creation_tokens": 900}}, 900, None),
        ({"input_tokens_details": {"cache_write_tokens": 900, **kept_for(600, 300)}}, 900, 300),
        ({"input_tokens_details": kept_for(100, 300)}, 400, 300),
        # LiteLLM's, for models of Anthropic; the same number stands beside the details again.
        (
            {
                "prompt_tokens_details": {
                    "cache_creation_tokens": 900,
                    "cache_creation_token_details": {
                        "ephemeral_5m_input_tokens": 200,
                        "ephemeral_1h_input_tokens": 700,
                    },
                },
                "cache_creation_input_tokens": 900,
            },
            900,
            700,
        ),
        (
            {"input_tokens_details": {"cache_write_tokens": 10, "cache_write_12h_tokens": 30}},
            30,
            30,
        ),
        ({"input_tokens_details": {"cache_write_tokens": 9_000}}, 1_000, None),
        ({"input_tokens_details": {"cache_write_tokens": "900"}}, None, None),
        ({"input_tokens_details": {"cache_write_tokens": -1}}, None, None),
        ({"input_tokens_details": {"cache_write_tokens": 900.5}}, None, None),
        ({"input_tokens_details": {"cache_write_tokens": 10**40}}, None, None),
        ({"input_tokens_details": {"cache_write_tokens": None}}, None, None),
        ({"input_tokens_details": [900]}, None, None),
    ],
)
def test_tokens_written_to_the_cache_are_part_of_the_input(details, written, long):
    usage = Usage.read({"input_tokens": 1_000, "output_tokens": 5, **details})
    assert (usage.input_tokens, usage.total_tokens) == (1_000, 1_005)
    assert (usage.cache_write_tokens, usage.cache_write_12h_tokens) == (written, long)


@pytest.mark.parametrize(
    ("reported", "usage"),
    [
        (
            {"input_tokens": 100, "output_tokens": 5, "cache_creation_input_tokens": 900},
            Usage(1_000, None, 5, None, 1_005, 900),
        ),
        (
            {
                "input_tokens": 100,
                "output_tokens": 5,
                "cache_creation_input_tokens": 800,
                "cache_read_input_tokens": 100,
                "cache_creation": {
                    "ephemeral_5m_input_tokens": 500,
                    "ephemeral_1h_input_tokens": 300,
                },
                "total_tokens": 105,
            },
            Usage(1_000, 100, 5, None, 1_005, 800, 300),
        ),
        (
            {"input_tokens": 7, "output_tokens": 5, "cache_read_input_tokens": 3},
            Usage(10, 3, 5, None, 15, None),
        ),
    ],
)
def test_what_anthropic_says_of_its_cache_is_not_part_of_its_input(reported, usage):
    if "cache_creation" in reported:
        # Its shares are beside the count, which is what counts.
        assert Usage.read({**reported, "cache_creation": None}).cache_write_tokens == 800
    assert Usage.read(reported) == usage
