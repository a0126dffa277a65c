"""How figures of usage are written."""

import pytest

from conversations.templatetags.usage import seconds, share, short


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0, "0"),
        (9_999, "9,999"),
        (10_000, "10.0 k"),
        (38_470, "38.5 k"),
        (960_000, "960.0 k"),
        (999_949, "999.9 k"),
        (999_960, "1.0 M"),
        (38_440_000, "38.4 M"),
        (2_000_000_000, "2.0 G"),
    ],
)
def test_large_numbers_are_short(number, written):
    assert short(number) == written


@pytest.mark.parametrize(
    ("fraction", "written"),
    [
        (None, "–"),
        (0, "0.0 %"),
        (0.0001, "0.1 %"),
        (2 / 3, "66.7 %"),
        (0.9999, "99.9 %"),
        (1, "100.0 %"),
    ],
)
def test_a_share_is_rounded_but_all_and_nothing_are_exact(fraction, written):
    assert share(fraction) == written


def test_seconds_are_rounded():
    assert (seconds(None), seconds(1.97), seconds(0)) == ("–", "2.0 s", "0.0 s")
