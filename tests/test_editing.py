"""Sending an edited message: refused like a new one, with the text kept."""

import html
import uuid

import pytest

from conversations.models import LanguageModel, Message, Response
from tests.support.ledger_rows import REPORTED, ask, end
from tests.support.visitor import session_of

WAYS = pytest.mark.parametrize("script", [False, True], ids=["form", "script"])


@pytest.fixture
def browser(client, alice):
    client.cookies["session"] = session_of(alice)
    return client


@pytest.fixture
def question(alice):
    """A message of alice's that was answered."""
    LanguageModel.objects.all().delete()
    return end(ask(alice, "The first try"), REPORTED).message.parent


def post(client, message, text, script=False, **fields):
    form = {"text": text, "submission": str(uuid.uuid4()), **fields}
    headers = {"HTTP_X_FRAGMENT": "turn"} if script else {}
    return client.post(f"/messages/{message.pk}/edit/", form, **headers)


def test_it_makes_a_sibling_and_loses_nothing(browser, question):
    page = browser.get(f"/messages/{question.pk}/edit/")
    assert "The first try</textarea>" in page.text
    assert post(browser, question, "The second\r\ntry").status_code == 303
    texts = Message.objects.filter(role="user").values_list("text", "parent")
    assert sorted(texts) == [("The first try", None), ("The second\ntry", None)]
    page = browser.get(question.conversation.get_absolute_url())
    assert "The second\ntry" in html.unescape(page.text).replace("<br>", "")
    assert "2/2" in page.text


@WAYS
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (" ", "Write a message first."),
        ("a" * 200_001, "at most 200,000 can be sent"),
        ("a\0b", "Null characters are not allowed."),
    ],
    ids=["blank", "too long", "NUL"],
)
def test_a_text_that_cannot_be_sent_comes_back(browser, question, text, sentence, script):
    answer = post(browser, question, text, script)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert script or f"\n{text}</textarea>" in answer.text
    assert Message.objects.filter(role="user").count() == 1


@WAYS
def test_while_a_reply_is_written_it_is_refused(browser, question, alice, script):
    ask(alice, "Another", conversation=question.conversation)
    answer = post(browser, question, "The second try", script)
    assert answer.status_code == 409
    assert "A reply is still being written here." in answer.text
    assert script or "The second try</textarea>" in answer.text


@WAYS
def test_the_same_form_again_is_one_message(browser, question, script):
    submission = str(uuid.uuid4())
    answers = [
        post(browser, question, "Once", script, submission=submission).status_code for _ in "12"
    ]
    assert answers == [201 if script else 303] * 2
    assert Message.objects.filter(text="Once").count() == 1
    assert Response.objects.count() == 2


@WAYS
def test_the_same_form_with_another_text_is_refused(browser, question, script):
    submission = str(uuid.uuid4())
    post(browser, question, "Once", submission=submission)
    Response.objects.filter(status="queued").update(status="cancelled")
    answer = post(browser, question, "Otherwise", script, submission=submission)
    assert answer.status_code == 409
    assert "already sent with another text" in answer.text
    assert submission not in answer.text


def test_an_expired_login_keeps_the_text(client, question):
    answer = post(client, question, "Typed for an hour")
    assert answer.status_code == 403
    assert "Typed for an hour</textarea>" in answer.text


def test_a_reply_and_a_message_of_somebody_else_cannot_be_edited(browser, question, bob):
    reply = question.children.get()
    assert post(browser, reply, "I said this").status_code in (404, 409)
    browser.cookies["session"] = session_of(bob)
    assert post(browser, question, "Mine now").status_code == 404
    assert Message.objects.count() == 2


def test_edits_retries_and_continuations_keep_effort_and_length(browser, question):
    LanguageModel.objects.update(efforts="low,high", choose_length=True)
    form = {"text": "Think", "effort": "high", "length": "500"}
    path = question.conversation.get_absolute_url()
    assert browser.post(path, {**form, "submission": str(uuid.uuid4())}).status_code == 303
    for way in ("retry", "continue", "edit"):
        last = end(Response.objects.latest("created_at"), REPORTED)
        message = last.message.parent if way == "edit" else last.message
        asked = {"text": "Again", "submission": str(uuid.uuid4())}
        assert browser.post(f"/messages/{message.pk}/{way}/", asked).status_code == 303
        sent = Response.objects.latest("created_at").request["parameters"]
        assert sent == {"reasoning": {"effort": "high"}, "max_output_tokens": 500}
    assert '<option value="high" selected>' in browser.get(path).text
