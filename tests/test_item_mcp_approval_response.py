"""The item `mcp_approval_response`: a person allows or refuses a tool."""

from conversations.items import kind_of
from tests.support.item_samples import SAMPLES, shown

ANSWER = SAMPLES["mcp_approval_response"]


def test_it_says_what_was_decided():
    retry = "A retry of the reply to this may use the tool once more."
    assert shown(ANSWER) == f"Allowed: It is my calendar {retry}"
    assert shown({**ANSWER, "approve": False, "reason": None}) == "Refused"


def test_only_true_allows():
    kind = kind_of(ANSWER)
    assert kind.next_input(ANSWER) == [ANSWER]
    for other in (None, 1, "true", [True]):
        [sent] = kind.next_input({**ANSWER, "approve": other, "reason": ""})
        assert sent == {
            "type": "mcp_approval_response",
            "approval_request_id": "mcpr_1",
            "approve": False,
        }
        assert kind.exported({**ANSWER, "approve": other}) == "Refused."
