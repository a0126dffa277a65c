"""The content part `input_file`: a document of a person."""

from tests.support.item_samples import SAMPLES, shown, shown_html

FILE = SAMPLES["input_file"]


def test_its_name_is_shown():
    assert shown(FILE) == "File: report.pdf"
    assert f'data-file="{FILE["file"]}"' in shown_html(FILE)
    assert shown({"type": "input_file"}) == "A file"
