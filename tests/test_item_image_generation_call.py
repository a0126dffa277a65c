"""The item `image_generation_call`: a picture that the model had made."""

import pytest

from conversations.items import clean, kind_of, without_files
from tests.support.item_samples import SAMPLES, shown

PICTURE = SAMPLES["image_generation_call"]
FILE = "7e0d1f1c-6c39-4d52-93c5-1f64b4a6a0a3"


def test_it_says_what_was_made():
    words = shown(PICTURE)
    assert words.startswith("Made a picture, which this site does not have")
    assert "A fox in the rain" in words
    # That the picture itself is not kept needs no words.
    assert "left out" not in words
    assert "result" not in clean(PICTURE) or clean(PICTURE)["result"] == ""


def test_while_it_comes_it_is_one_line():
    assert shown({**PICTURE, "status": "generating"}, live=True) == "Making a picture…"


def test_it_is_still_coming_while_it_is_stored():
    assert shown(PICTURE, live=True) == "Making a picture…"
    assert shown({**PICTURE, "lost": "disk_full"}, live=True) != "Making a picture…"


def test_one_that_could_not_be_kept_says_why():
    words = shown({**PICTURE, "lost": "site_full"})
    assert words.startswith("Made a picture, which could not be kept")
    assert "This site had no room for it. Tell your administrator." in words
    assert "The server could not store it." in shown({**PICTURE, "lost": "<b>nonsense</b>"})


def test_a_file_is_shown_only_where_the_message_has_it():
    words = shown({**PICTURE, "file": FILE})
    assert words.startswith("Made a picture, which this site does not have")


@pytest.mark.parametrize(
    "error",
    [
        {"code": "moderation_blocked", "message": "Rejected by the safety system"},
        {"message": "No.", "moderation_details": {"categories": ["violence"]}},
        {"type": "image_generation_moderation_error", "message": "<b>No</b>"},
    ],
)
def test_a_refusal_by_moderation_is_a_sentence(error):
    failed = {**PICTURE, "status": "failed", "result": None, "error": error}
    words = shown(failed)
    assert "A picture was to be made, and the gateway's moderation refused it." in words
    assert "Describe the picture in other words, and ask again." in words
    assert error["message"] in words
    assert "moderation refused it" in kind_of(failed).came(failed)


def test_one_that_failed_says_why():
    failed = {**PICTURE, "status": "failed", "error": {"message": "Blocked by moderation"}}
    words = shown(failed)
    assert "It failed." in words and "Blocked by moderation" in words
    assert kind_of(failed).came(failed) == "A picture was to be made, and there is none."


def test_it_says_what_came_without_text():
    kind = kind_of(PICTURE)
    assert kind.came(PICTURE) == "The reply is a picture that this site does not have."
    assert kind.came({**PICTURE, "file": FILE}) == ""
    assert kind.exported(PICTURE) == "Made a picture: A fox in the rain, as a woodcut"
    assert kind.next_input(PICTURE) == []


def test_openrouters_is_one_too():
    item = {"type": "openrouter:image_generation", "status": "completed", "imageB64": "iVBORw0KGgo"}
    item = clean({**item, "result": "iVBORw0KGgo", "revisedPrompt": "A fox"})
    assert (item["imageB64"], item["result"]) == ("", "")
    assert shown(item).startswith("Made a picture, which this site does not have")
    assert kind_of(item).exported(item) == "Made a picture: A fox"
    assert kind_of(item).searched(item) == "A fox"
    # Which files there are only this site says.
    assert "file" not in without_files({**item, "file": FILE})
