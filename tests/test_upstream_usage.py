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


@pytest.mark.parametrize(
    "more",
    [
        {"input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 900}},
        {"prompt_tokens_details": {"cached_tokens": 0, "cache_creation_tokens": 900}},
        {"input_tokens_details": {"cached_tokens": 0}, "cache_creation_input_tokens": 900},
    ],
)
def test_tokens_written_to_the_cache_are_kept(more):
    usage = Usage.read({"input_tokens": 1000, "output_tokens": 5, **more})
    assert (usage.cached_tokens, usage.cache_write_tokens) == (0, 900)


def test_no_more_is_written_to_the_cache_than_came_in():
    reported = {"input_tokens": 10, "input_tokens_details": {"cache_write_tokens": 900}}
    assert Usage.read(reported).cache_write_tokens == 10
