"""A gateway with hundreds of models: a page carries one list of them, in the composer."""

import pytest

from conversations.models import LanguageModel, Message, Response
from tests.support.ledger_rows import call
from tests.support.visitor import session_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def chat(client, alice):
    client.cookies["session"] = session_of(alice)
    return client


def many(count):
    """So many models, besides the one that `call` asks."""
    LanguageModel.objects.all().delete()
    LanguageModel.objects.bulk_create(
        LanguageModel(name=f"provider/some-model-{number}") for number in range(count)
    )


def page_of(chat, alice, replies):
    conversation = call(alice, answer="Answer").conversation
    for _ in range(replies - 1):
        call(alice, conversation=conversation, answer="Answer")
    return chat.get(f"/conversations/{conversation.pk}/").text


def test_a_page_names_each_model_once_however_many_replies_it_has(chat, alice):
    many(245)
    page = page_of(chat, alice, replies=10)
    assert page.count("provider/some-model-7<") == 1
    assert page.count('aria-label="Reply"') == 10
    assert page.count("Retry with another model") == 10


def test_with_one_model_there_is_nothing_to_choose(chat, alice):
    many(0)
    assert "Retry with another model" not in page_of(chat, alice, replies=2)


def test_the_list_is_a_page_that_works_without_the_script(chat, alice):
    many(3)
    message = call(alice, answer="Answer").message
    page = chat.get(f"/messages/{message.pk}/retry/")
    assert page.status_code == 200
    assert page.text.count('<button name="model"') == 4
    assert "popover" not in page.text.partition('class="sheet"')[2]
    answered = chat.post(f"/messages/{message.pk}/retry/", {"model": "provider/some-model-2"})
    assert answered.status_code == 303
    assert Response.objects.latest("created_at").model == "provider/some-model-2"
    assert Message.objects.filter(parent=message.parent).count() == 2


def test_the_script_gets_the_list_alone(chat, alice):
    many(3)
    message = call(alice, answer="Answer").message
    headers = {"X-Fragment": "models"}
    fragment = chat.get(f"/messages/{message.pk}/retry/", headers=headers).text
    assert fragment.strip().startswith('<div class="menu" popover')
    assert fragment.count('<button name="model"') == 4


def test_another_persons_message_has_no_list(chat, bob):
    assert chat.get(f"/messages/{call(bob).message_id}/retry/").status_code == 404
