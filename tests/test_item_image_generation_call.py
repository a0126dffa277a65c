"""The item `image_generation_call`: a picture that the model had made."""

from conversations.items import clean, kind_of
from tests.support.item_samples import SAMPLES, shown

PICTURE = SAMPLES["image_generation_call"]


def test_it_says_what_was_made():
    words = shown(PICTURE)
    assert words.startswith("Made a picture, which this site cannot show yet")
    assert "A fox in the rain" in words
    # That the picture itself is not kept needs no words.
    assert "left out" not in words
    assert "result" not in clean(PICTURE) or clean(PICTURE)["result"] == ""


def test_while_it_comes_it_is_one_line():
    assert shown({**PICTURE, "status": "generating"}, live=True) == "Making a picture…"


def test_one_that_failed_says_why():
    failed = {**PICTURE, "status": "failed", "error": {"message": "Blocked by moderation"}}
    words = shown(failed)
    assert "It failed." in words and "Blocked by moderation" in words
    assert kind_of(failed).came(failed) == "A picture was to be made, and there is none."


def test_it_says_what_came_without_text():
    kind = kind_of(PICTURE)
    assert kind.came(PICTURE) == "The reply is a picture that this site cannot show yet."
    assert kind.exported(PICTURE) == "Made a picture: A fox in the rain, as a woodcut"
    assert kind.next_input(PICTURE) == []
