"""What a reader is told when a reply failed or broke off: our sentence, the gateway's words."""

import html
import re

import pytest

from conversations.gateway_sentences.error_sentences import error_sentence, reason_sentence
from conversations.replies import Viewer
from conversations.replies.article import render_article
from conversations.upstream import CODES
from conversations.upstream.response_headers import summary
from tests.support.ledger_rows import call

pytestmark = pytest.mark.once

OUR_CODES = ["expired", "internal"]
INTERRUPTIONS = [
    *("crashed", "cut", "malformed", "background", "lost"),
    *("timeout_silence", "timeout_total", "line_too_long"),
]
ENDINGS = ["max_output_tokens", "content_filter", "too_long", "tool_call"]
# What the reader may do about it.
NEXT = re.compile(r"[Tt]ry again|[Rr]etry|[Tt]ell your administrator|[Ss]tart a new one|change")


def shown(person, **ending):
    """The text of the article of a reply that ended so."""
    ending.setdefault("usage_source", "none")
    text = ending.pop("text", "")
    response = call(person, ending, answer=text)
    article = render_article(response.pk, Viewer(person.pk, "", "en", "UTC", "token"))
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", article)).split())


def test_every_code_has_a_sentence_of_its_own():
    codes = [*CODES, *OUR_CODES]
    sentences = {code: error_sentence(code) for code in codes}
    assert len(set(sentences.values())) == len(codes)
    assert [code for code, sentence in sentences.items() if not NEXT.search(sentence)] == []


def test_every_reason_has_a_sentence_of_its_own():
    sentences = [reason_sentence(reason, "interrupted") for reason in [*INTERRUPTIONS, "?"]]
    sentences += [reason_sentence(reason, "incomplete") for reason in [*ENDINGS, "?"]]
    assert len(set(sentences)) == len(sentences)


def test_an_unknown_code_says_at_least_whose_fault_it_was():
    assert error_sentence("teapot", 502) == error_sentence("server")
    assert error_sentence("teapot", 418) == error_sentence("refused")


def test_an_error_is_told_with_the_gateways_words_status_and_ids(alice):
    text = shown(
        alice,
        status="failed",
        error_code="rate_limited",
        error_message="Slow down, <b>please</b>.",
        http_status=429,
        request_id="req_77",
    )
    assert "The gateway is receiving too many requests." in text
    assert "The gateway said: Slow down, <b>please</b>." in text
    assert "HTTP 429 · Request req_77 · Reference " in text
    assert "Retry" in text


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("connect", "Connection refused"),
        ("server", summary(502, {"content-type": "text/html"})),
        ("not_api", summary(200, {}, empty=True)),
    ],
)
def test_what_the_gateway_did_not_say_is_not_put_in_its_mouth(alice, code, words):
    text = shown(alice, status="failed", error_code=code, error_message=words, http_status=502)
    assert words in text
    assert "The gateway said" not in text


@pytest.mark.parametrize("reason", INTERRUPTIONS)
def test_a_reply_that_broke_off_says_why_and_what_was_kept(alice, reason):
    ending = {"status": "interrupted", "reason": reason}
    sentence = reason_sentence(reason, "interrupted")
    assert f"{sentence} What had arrived is kept." in shown(alice, text="Half a", **ending)
    assert f"{sentence} There is no text." in shown(alice, text="", **ending)


def test_a_reply_cut_at_its_maximum_can_be_continued(alice):
    text = shown(alice, status="incomplete", reason="max_output_tokens", text="Half a")
    assert "cut off at its maximum length" in text
    assert "Continue" in text


def test_a_natural_end_in_the_gateways_own_word_is_no_fault(alice):
    text = shown(alice, status="completed", reason="eos_token", text="All of it.")
    assert "incomplete" not in text
    assert "All of it." in text


@pytest.mark.parametrize(
    ("ending", "sentence"),
    [
        ({"status": "completed"}, "The reply ended with no text."),
        ({"status": "completed", "reason": "tool_call"}, "this site has none to give. There is no"),
        ({"status": "incomplete", "reason": "max_output_tokens"}, "There is no text."),
        ({"status": "cancelled"}, "no text had arrived"),
    ],
)
def test_a_reply_without_text_says_so(alice, ending, sentence):
    assert sentence in shown(alice, text="", **ending)
