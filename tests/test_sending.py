"""Sending a message: what is refused, with the text kept, and what goes through only once."""

import html
import re
import uuid

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from conversations.models import Conversation, LanguageModel, Message, Response
from tests.support.visitor import session_of

REFRESH = '<noscript><meta http-equiv="refresh"'
SCRIPT = {"HTTP_X_FRAGMENT": "turn"}
WAYS = pytest.mark.parametrize("script", [False, True], ids=["form", "script"])


@pytest.fixture(autouse=True)
def one_model(db):
    LanguageModel.objects.all().delete()
    return LanguageModel.objects.create(name="gpt-4o")


@pytest.fixture
def browser(client, alice):
    client.cookies["session"] = session_of(alice)
    return client


def post(client, text, path="/", script=False, **fields):
    form = {"text": text, "submission": str(uuid.uuid4()), **fields}
    return client.post(path, form, **(SCRIPT if script else {}))


def kept(answer):
    """The text in the form that came back."""
    found = re.search(r"<textarea[^>]*>\n?(.*?)</textarea>", answer.text, re.DOTALL)
    return html.unescape(found[1])


def assert_refused(answer, status, sentence, text, script):
    """`answer` says why, stores nothing, and without the script has the text in the form."""
    assert answer.status_code == status
    assert sentence in html.unescape(answer.text)
    if script:
        # It still has the text, and wants only the sentence.
        assert "<html" not in answer.text
    else:
        assert kept(answer) == text


def test_a_refused_form_keeps_effort_and_length(browser, one_model):
    LanguageModel.objects.update(efforts="low,high", choose_length=True)
    form = {"effort": "high", "length": "500"}
    page = post(browser, "", **form).text
    assert '<option value="high" selected>' in page
    assert 'name="length" min="16" max="10000000" value="500"' in page
    conversation = post(browser, "Hello", effort="low", length="700").url
    for page in (post(browser, "", conversation, **form).text, browser.get(conversation).text):
        chosen = ("high", "500") if "Write a message first" in page else ("low", "700")
        assert f'<option value="{chosen[0]}" selected>' in page
        assert f'value="{chosen[1]}" aria-label="Maximum length' in page


def open_reply(conversation):
    return Response.objects.get(conversation=conversation)


@WAYS
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Write a message first."),
        (" \n\t ", "Write a message first."),
        ("a" * 200_001, "The message has 200,001 characters; at most 200,000 can be sent."),
        ("a\0b", "Null characters are not allowed."),
    ],
    ids=["empty", "blank", "too long", "NUL"],
)
def test_a_text_that_cannot_be_sent_comes_back(browser, text, sentence, script):
    answer = post(browser, text, script=script)
    assert_refused(answer, 422, sentence, text, script)
    assert not Conversation.objects.exists()


@WAYS
def test_a_model_that_is_not_enabled_is_refused(browser, script):
    LanguageModel.objects.create(name="secret", enabled=False)
    answer = post(browser, "Hello", script=script, model="secret")
    assert_refused(answer, 422, "The model “secret” is not available.", "Hello", script)
    assert not Conversation.objects.exists()


@WAYS
def test_without_any_model_it_says_who_can_help(browser, script):
    LanguageModel.objects.update(enabled=False)
    answer = post(browser, "Hello", script=script)
    assert_refused(answer, 422, "An administrator has to enable one first.", "Hello", script)


@WAYS
@pytest.mark.parametrize("token", [{}, {"csrfmiddlewaretoken": "a" * 64}], ids=["none", "wrong"])
def test_a_form_without_a_valid_token_comes_back_with_a_fresh_one(alice, token, script):
    browser = Client(enforce_csrf_checks=True)
    browser.cookies["session"] = session_of(alice)
    answer = post(browser, "Typed for an hour", script=script, **token)
    assert_refused(answer, 403, "The form has expired", "Typed for an hour", script)
    fresh = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', answer.text)[1]
    assert not Message.objects.exists()
    sent = post(browser, "Typed for an hour", csrfmiddlewaretoken=fresh)
    assert sent.status_code == 303


@WAYS
def test_an_expired_login_keeps_the_text(client, alice, script):
    answer = post(client, "Typed for an hour", script=script)
    assert_refused(answer, 403, "Log in in a new tab", "Typed for an hour", script)
    assert not Message.objects.exists()


@WAYS
def test_while_a_reply_is_written_a_second_message_is_refused(browser, script):
    post(browser, "First")
    conversation = Conversation.objects.get()
    answer = post(browser, "Second", conversation.get_absolute_url(), script)
    assert_refused(answer, 409, "A reply is still being written here.", "Second", script)
    assert Message.objects.count() == 2


@WAYS
def test_the_same_form_again_leads_to_the_same_place(browser, script):
    submission = str(uuid.uuid4())
    first = post(browser, "Once\r\nonly", script=script, submission=submission)
    again = post(browser, "Once\r\nonly", script=script, submission=submission)
    assert first.status_code == again.status_code == (201 if script else 303)
    assert first.headers["Location"] == again.headers["Location"]
    assert Message.objects.filter(role="user").count() == 1
    assert Response.objects.count() == 1


@WAYS
def test_the_same_form_with_another_text_comes_back_fresh(browser, script):
    submission = str(uuid.uuid4())
    post(browser, "One", submission=submission)
    answer = post(browser, "Another", script=script, submission=submission)
    assert_refused(answer, 409, "already sent with another text", "Another", script)
    assert Message.objects.filter(role="user").count() == 1
    if not script:
        fresh = re.search(r'name="submission" value="([^"]+)"', answer.text)[1]
        assert fresh != submission
        assert post(browser, "Another", submission=fresh).status_code == 303


def test_a_submission_of_somebody_else_reveals_nothing(browser, bob):
    submission = str(uuid.uuid4())
    post(browser, "Hers", submission=submission)
    browser.cookies["session"] = session_of(bob)
    answer = post(browser, "Hers", submission=submission)
    assert_refused(answer, 409, "already sent", "Hers", False)


def test_a_form_without_an_id_is_sent_all_the_same(browser):
    assert browser.post("/", {"text": "Hello"}).status_code == 303


def test_line_ends_are_stored_as_one_kind(browser):
    post(browser, "one\r\ntwo\rthree\nfour")
    assert Message.objects.get(role="user").text == "one\ntwo\nthree\nfour"


def test_the_length_is_counted_after_line_ends_are_made_one(browser):
    assert post(browser, "a\r\n" * 100_000).status_code == 303


@pytest.mark.parametrize("character", ["语", "👩"])
def test_the_longest_message_passes_in_any_script(browser, settings, character):
    text = character * settings.MAX_MESSAGE
    assert post(browser, text).status_code == 303
    assert Message.objects.get(role="user").text == text


def test_what_is_refused_is_shown_as_typed(browser):
    text = "\n  </textarea><script>alert(1)</script> & “quoted”" + " " * 3
    answer = post(browser, text, model="secret")
    assert kept(answer) == text
    assert "<script>alert" not in answer.text


def test_the_message_and_its_open_reply_are_stored_before_the_answer(browser, alice):
    answer = post(browser, "What is\ntea?")
    conversation = Conversation.objects.get()
    assert answer.headers["Location"] == conversation.get_absolute_url()
    assert (conversation.owner, conversation.title) == (alice, "What is")
    response = open_reply(conversation)
    assert (response.status, response.model, response.purpose) == ("queued", "gpt-4o", "reply")
    assert response.message.parent.text == "What is\ntea?"
    page = browser.get(conversation.get_absolute_url())
    assert re.findall(r'data-role="(\w+)" data-status="(\w+)"', page.text) == [
        ("user", "completed"),
        ("assistant", "queued"),
    ]
    assert REFRESH in page.text
    refused = post(browser, "And then?", conversation.get_absolute_url())
    assert kept(refused) == "And then?"
    assert REFRESH not in refused.text, "it would empty the field"


@pytest.mark.django_db(transaction=True)
def test_sending_waits_for_the_databases_lock_once(browser):
    """SQLite has one lock for all writing; each further transaction waits for all others again."""
    with CaptureQueriesContext(connection) as captured:
        assert post(browser, "What is tea?").status_code == 303
    begun = [each["sql"] for each in captured if each["sql"].startswith("BEGIN")]
    assert len(begun) == 1, [each["sql"] for each in captured]


def test_another_persons_conversation_is_not_found(browser, bob):
    post(browser, "Hers")
    url = Conversation.objects.get().get_absolute_url()
    browser.cookies["session"] = session_of(bob)
    assert post(browser, "His", url).status_code == 404
    assert Message.objects.filter(role="user").count() == 1
