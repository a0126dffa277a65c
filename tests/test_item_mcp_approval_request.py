"""The item `mcp_approval_request`: the model asks whether it may use a tool."""

from conversations.items import kind_of
from tests.support.item_samples import SAMPLES, shown, shown_html

REQUEST = SAMPLES["mcp_approval_request"]


def test_what_would_be_sent_is_in_sight():
    assert shown(REQUEST) == (
        'The model asks to use add_event of calendar What would be sent {"at": "10:00"}'
    )
    assert "<details" in shown_html(REQUEST) and " open" in shown_html(REQUEST)
    assert "Nothing would be sent" in shown({**REQUEST, "arguments": ""})


def test_it_is_sent_with_the_fields_that_the_api_has():
    [sent] = kind_of(REQUEST).next_input({**REQUEST, "omitted": {"bytes": 1}, "more": 1})
    assert sent == REQUEST


def test_it_says_what_came_without_text():
    assert "asks whether it may use a tool" in kind_of(REQUEST).came(REQUEST)
    exported = kind_of(REQUEST).exported(REQUEST)
    assert exported.startswith("The model asked to use the tool add_event of calendar:")
