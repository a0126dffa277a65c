"""Items of types that this site does not know."""

import pytest

from conversations.items import clean, kind_of
from tests.support.item_samples import SAMPLES, shown, shown_html

STRANGE = SAMPLES["unknown"]


@pytest.mark.parametrize("live", [False, True])
def test_it_is_one_line_with_its_type(live):
    assert shown(STRANGE, live=live) == (
        "The reply has a part of the type “hologram_call”, which this site does not know."
    )
    assert 'data-type="hologram_call"' in shown_html(STRANGE, live=live)


def test_it_is_kept_whole():
    assert clean(STRANGE) == STRANGE


def test_one_without_a_type_is_shown_too():
    assert shown({"status": "completed"}) == "The reply has a part that this site does not know."


def test_it_is_not_sent():
    assert kind_of(STRANGE).next_input(STRANGE) == []
    assert "hologram_call" in kind_of(STRANGE).exported(STRANGE)
