"""The content part `input_image`: a picture of a person."""

from conversations.items import kind_of
from tests.support.item_samples import SAMPLES, shown, shown_html

PICTURE = SAMPLES["input_image"]


def test_its_name_is_shown():
    assert shown(PICTURE) == "Picture: holiday.jpg"
    assert f'data-file="{PICTURE["file"]}"' in shown_html(PICTURE)
    assert shown({"type": "input_image"}) == "A picture"


def test_only_a_file_of_this_site_is_sent():
    kind = kind_of(PICTURE)
    [sent] = kind.next_input(PICTURE)
    assert sent == {"type": "input_image", "file": PICTURE["file"], "detail": "auto"}
    assert kind.next_input({"type": "input_image", "image_url": "https://a.example/x.png"}) == []


def test_low_detail_is_few_tokens():
    kind = kind_of(PICTURE)
    assert kind.estimated_tokens({**PICTURE, "detail": "low"}) < kind.estimated_tokens(PICTURE)
    assert kind.estimated_tokens({"type": "input_image"}) == 0
