"""A form under a message that others follow by now: refused, but for what it sent itself."""

import uuid

import pytest

from conversations.models import Message, Response
from tests.support import ledger_rows as books


@pytest.fixture
def talk(alice):
    """A conversation of two turns; its messages in order."""
    first = books.call(alice, text="First")
    books.call(alice, text="Second", conversation=first.conversation)
    return list(first.conversation.messages.order_by("created_at"))


def post(client, reply, text, form=None, **fields):
    fields |= {"text": text, "parent": reply.pk, "submission": form or uuid.uuid4()}
    return client.post(reply.conversation.get_absolute_url(), fields)


def test_a_stale_form_is_refused_and_its_text_comes_back(client, alice, talk):
    client.force_login(alice)
    refused = post(client, talk[1], "Third")
    assert refused.status_code == 409
    page = refused.content.decode()
    assert "went on elsewhere" in page
    assert ">\nThird</textarea>" in page
    # Sent again, it stands under what is new.
    assert f'name="parent" value="{talk[3].pk}"' in page
    assert Message.objects.count() == 4
    assert post(client, talk[3], "Third").status_code == 303
    assert Message.objects.get(text="Third").parent == talk[3]


def test_the_same_form_once_more_is_the_first_order(client, alice, talk):
    client.force_login(alice)
    form = uuid.uuid4()
    assert post(client, talk[3], "Third", form).status_code == 303
    Response.objects.open().update(status="completed")
    assert post(client, talk[3], "Third", form).status_code == 303
    assert Message.objects.filter(text="Third").count() == 1


def test_what_was_to_be_queued_comes_after_all_that_is_there(client, alice, talk):
    client.force_login(alice)
    assert post(client, talk[1], "Third", queue="1").status_code == 303
    assert Message.objects.get(text="Third").parent == talk[3]


def test_a_reply_that_others_follow_cannot_be_continued(client, alice, talk):
    client.force_login(alice)
    Response.objects.update(status="cancelled")
    form = {"submission": uuid.uuid4()}
    refused = client.post(f"/messages/{talk[1].pk}/continue/", form)
    assert refused.status_code == 409
    assert "went on elsewhere" in refused.content.decode()
    assert client.post(f"/messages/{talk[3].pk}/continue/", form).status_code == 303
    assert Message.objects.get(text="Continue.").parent == talk[3]


def test_editing_makes_a_version_all_the_same(client, alice, talk):
    client.force_login(alice)
    form = {"submission": uuid.uuid4(), "text": "First, better"}
    assert client.post(f"/messages/{talk[0].pk}/edit/", form).status_code == 303
    assert Message.objects.get(text="First, better").parent is None


def test_a_tab_that_comes_back_gets_the_page_only_where_something_is_new(client, alice, talk):
    client.force_login(alice)
    path = talk[0].conversation.get_absolute_url()
    headers = {"X-Fragment": "thread"}
    assert client.get(f"{path}?leaf={talk[3].pk}", headers=headers).status_code == 204
    page = client.get(f"{path}?leaf={talk[1].pk}", headers=headers)
    assert page.status_code == 200
    assert str(talk[3].pk) in page.content.decode()
    for nonsense in ("", "x", uuid.uuid4()):
        assert client.get(f"{path}?leaf={nonsense}", headers=headers).status_code == 200
