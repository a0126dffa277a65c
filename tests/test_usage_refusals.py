"""What the page says, and clients act on, when a budget or a limit refuses."""

import pytest
from django.contrib.auth.models import Group

from conversations.models import Budget, LanguageModel, Message
from tests.support.ledger_rows import a_model, call
from tests.support.visitor import session_of


@pytest.fixture
def chat(client, alice):
    client.cookies["session"] = session_of(alice)
    return client


@pytest.fixture(autouse=True)
def one_model(db):
    LanguageModel.objects.all().delete()
    return a_model()


def test_a_used_up_budget_is_named_and_the_text_kept(chat, alice):
    Budget.objects.create(person=alice, period="month", metric="replies", limit=1)
    call(alice)
    page = chat.post("/", {"text": "Please answer this"})
    assert page.status_code == 429
    assert 0 < int(page.headers["Retry-After"]) <= 31 * 86_400
    assert "The personal budget of 1 reply a month is used up: 1 reply used." in page.text
    assert "Please answer this" in page.text
    assert not Message.objects.filter(text="Please answer this").exists()


def test_a_retry_is_refused_like_a_message(chat, alice):
    Budget.objects.create(person=alice, period="month", metric="replies", limit=1)
    message = call(alice).message_id
    page = chat.post(f"/messages/{message}/retry/")
    assert page.status_code == 429
    assert "is used up" in page.text


def test_too_many_replies_a_minute_are_asked_to_wait(chat, alice, settings):
    settings.REPLIES_PER_MINUTE = 1
    call(alice)
    page = chat.post("/", {"text": "Hello"})
    assert page.status_code == 429
    assert 0 < int(page.headers["Retry-After"]) <= 60
    assert "You may ask for 1 reply a minute." in page.text


def test_a_model_of_a_group_is_offered_to_its_members_only(chat, alice):
    group = Group.objects.create(name="Research")
    a_model("secret").groups.add(group)
    a_model("open")
    assert "secret" not in chat.get("/").text
    alice.groups.add(group)
    chat.force_login(alice)  # a change of groups ends sessions
    assert "secret" in chat.get("/").text


def test_a_model_of_a_group_is_refused_to_others(chat, alice):
    a_model("secret").groups.add(Group.objects.create(name="Research"))
    page = chat.post("/", {"text": "Hello", "model": "secret"})
    assert page.status_code == 422
    assert "is not available" in page.text
    assert not Message.objects.exists()


def test_a_retry_offers_and_takes_only_what_the_person_may_use(chat, alice):
    a_model("secret").groups.add(Group.objects.create(name="Research"))
    a_model("open")
    response = call(alice)
    offered = chat.get(f"/messages/{response.message_id}/retry/").text
    assert "open" in offered
    assert "secret" not in offered
    page = chat.post(f"/messages/{response.message_id}/retry/", {"model": "secret"})
    assert page.status_code == 422


def test_a_conversation_goes_on_with_another_model_once_its_own_is_withdrawn(chat, alice):
    model = a_model("secret")
    conversation = call(alice, model="secret").conversation_id
    model.groups.add(Group.objects.create(name="Research"))
    assert chat.get(f"/conversations/{conversation}/").status_code == 200
    page = chat.post(f"/conversations/{conversation}/", {"text": "Go on"})
    assert page.status_code == 303
    assert Message.objects.filter(text="Go on", children__response__model="gpt-4o").exists()
