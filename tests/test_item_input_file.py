"""The content part `input_file`: a document of a person."""

from conversations.items import kind_of
from tests.support.item_samples import SAMPLES, shown, shown_html

FILE = SAMPLES["input_file"]


def test_its_name_is_shown():
    assert shown(FILE) == "File: report.pdf"
    assert f'data-file="{FILE["file"]}"' in shown_html(FILE)
    assert shown({"type": "input_file"}) == "A file"


def test_only_a_file_of_this_site_is_sent():
    kind = kind_of(FILE)
    assert kind.next_input(FILE) == [FILE]
    assert kind.next_input({"type": "input_file", "file_url": "https://a.example/x.pdf"}) == []


def test_its_tokens_are_those_that_were_counted():
    kind = kind_of(FILE)
    assert kind.estimated_tokens({**FILE, "tokens": 31}) == 31
    assert kind.estimated_tokens(FILE) == kind.estimated_tokens({**FILE, "tokens": -1}) > 1_000
