"""The content part `input_image`: a picture of a person."""

from tests.support.item_samples import SAMPLES, shown, shown_html

PICTURE = SAMPLES["input_image"]


def test_its_name_is_shown():
    assert shown(PICTURE) == "Picture: holiday.jpg"
    assert f'data-file="{PICTURE["file"]}"' in shown_html(PICTURE)
    assert shown({"type": "input_image"}) == "A picture"
