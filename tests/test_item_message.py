"""The item `message`: its text and its parts."""

from conversations.items import clean_all, is_plain, kind_of, text_of
from tests.support.item_samples import SAMPLES

REPLY = SAMPLES["message"]
QUESTION = {
    "type": "message",
    "role": "user",
    "content": [SAMPLES["input_text"], SAMPLES["input_image"], SAMPLES["input_file"]],
}


def test_its_text_is_that_of_its_parts():
    [plain] = clean_all([{"type": "message", "content": "As one text"}])
    two = {**REPLY, "content": [*REPLY["content"], {"type": "output_text", "text": "And snow."}]}
    assert text_of([plain]) == "As one text"
    assert text_of([two]) == "It **rained** all day.\n\nAnd snow."
    assert text_of([two, plain]) == "It **rained** all day.\n\nAnd snow.\n\nAs one text"


def test_a_reply_that_is_text_alone_needs_no_items():
    plain = {"type": "message", "content": [{"type": "output_text", "text": "x"}]}
    thoughts = SAMPLES["reasoning"]
    for items in ([], [plain], [thoughts], [thoughts, plain], [thoughts, thoughts, plain]):
        assert is_plain(items)
    for items in (
        [REPLY],
        [plain, plain],
        [plain, thoughts],
        [SAMPLES["web_search_call"], plain],
        [{**plain, "content": [SAMPLES["refusal"]]}],
        [QUESTION],
    ):
        assert not is_plain(items)


def test_an_export_names_the_files():
    assert kind_of(QUESTION).exported(QUESTION) == (
        "What is in this picture?\n\n[holiday.jpg]\n\n[report.pdf]"
    )
