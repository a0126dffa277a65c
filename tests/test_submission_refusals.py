"""Submitting while something changes: each cause has its own answer, and nothing is stored."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections, transaction
from django.test import Client
from django.utils import timezone

from conversations.conversation_list import trash
from conversations.keeping import removal
from conversations.models import Conversation, Message, Response
from conversations.replies.refused import (
    Busy,
    Conflict,
    ConversationDeleted,
    MessageDeleted,
    NotPossible,
    Stale,
)
from tests.support.ledger_rows import call, submit
from tests.support.visitor import session_of


@pytest.fixture
def response(transactional_db, alice):
    """The Response of a finished exchange, its rows as they were read before anything changes."""
    return call(alice)


def wanted_of(response, way):
    """The fields of a submission after that exchange."""
    message, question = (
        Message.objects.select_related("conversation", "parent").get(pk=pk)
        for pk in (response.message_id, response.message.parent_id)
    )
    return {
        "ask": {"conversation": response.conversation},
        "ask below": {"conversation": response.conversation, "parent": message},
        "edit": {"edited": question},
        "retry": {"retried": message, "text": ""},
        "continue": {"continued": message},
    }[way]


WAYS = pytest.mark.parametrize("way", ["ask", "ask below", "edit", "retry", "continue"])


def assert_refused(refusal, person, **wanted):
    before = Message.objects.count(), Response.objects.count()
    with pytest.raises(refusal):
        submit(person, **wanted)
    assert (Message.objects.count(), Response.objects.count()) == before


@WAYS
def test_in_a_conversation_that_was_deleted_meanwhile(alice, response, way):
    wanted = wanted_of(response, way)
    removal.remove(Conversation.objects.get())
    assert_refused(ConversationDeleted, alice, **wanted)
    assert not Message.objects.exists()


@WAYS
def test_in_a_conversation_that_was_put_into_the_trash_meanwhile(alice, response, way):
    wanted = wanted_of(response, way)
    trash.trash(Conversation.objects.get())
    assert_refused(ConversationDeleted, alice, **wanted)


@pytest.mark.parametrize("way", ["ask below", "retry", "continue"])
def test_after_a_message_that_was_deleted_meanwhile(alice, response, way):
    wanted = wanted_of(response, way)
    Message.objects.get(pk=response.message.parent_id).delete()
    assert_refused(MessageDeleted, alice, **wanted)
    assert Conversation.objects.get().active_id is None


def test_an_edit_below_a_message_that_was_deleted_meanwhile(alice, response):
    second = call(alice, conversation=response.conversation).message.parent
    wanted = {"edited": Message.objects.select_related("parent").get(pk=second.pk)}
    Message.objects.get(pk=response.message.parent_id).delete()
    assert_refused(MessageDeleted, alice, **wanted)


@WAYS
def test_while_a_reply_is_written(alice, response, way):
    wanted = wanted_of(response, way)
    submit(alice, conversation=response.conversation)
    # What would follow the same message as the one that is answered now would branch unseen.
    branches = way in ("ask below", "continue")
    assert_refused(Stale if branches else Busy, alice, **wanted)


def test_by_an_account_that_was_deleted_meanwhile(alice, response):
    type(alice).objects.get(pk=alice.pk).delete()
    assert_refused(NotPossible, alice)


@pytest.mark.parametrize(
    "wanted",
    [{"edited": "reply"}, {"retried": "question"}, {"continued": "question"}],
    ids=["edit a reply", "retry a question", "continue a question"],
)
def test_a_message_of_the_wrong_role(alice, response, wanted):
    messages = {"reply": response.message, "question": response.message.parent}
    assert_refused(NotPossible, alice, **{way: messages[which] for way, which in wanted.items()})


def test_an_id_that_was_used_for_something_else(alice, bob, response):
    used = submit(alice, "First", id=uuid.uuid4()).response.message.parent
    for person, text, conversation in (
        (alice, "Second", None),
        (alice, "First", response.conversation),
        (bob, "First", None),
    ):
        wanted = {"text": text, "conversation": conversation, "id": used.submission}
        assert_refused(Conflict, person, **wanted)


def test_the_page_says_that_the_message_was_deleted(alice, response):
    client = Client()
    client.cookies["session"] = session_of(alice)
    # A message of which only the page knows; its conversation is still there.
    gone = Message.objects.create(
        conversation=response.conversation, role="user", text="Gone", parent=response.message
    )
    reply = Message.objects.create(
        conversation=response.conversation, role="assistant", parent=gone, text="Gone too"
    )
    with blocked(lambda: gone.delete()) as post:
        answer = post(client, f"/messages/{reply.pk}/retry/")
    assert answer.status_code == 409
    assert "deleted meanwhile. Reload the page." in answer.text


@pytest.mark.parametrize("path", ["/conversations/{0}/", "/messages/{1}/retry/"])
def test_a_conversation_that_is_deleted_in_this_moment_is_not_found(alice, response, path):
    """The request has read it, and waits for the database while somebody deletes it."""
    client = Client()
    client.cookies["session"] = session_of(alice)
    path = path.format(response.conversation_id, response.message_id)
    with blocked(Conversation.objects.get().delete) as post:
        answer = post(client, path)
    assert answer.status_code == 404
    assert not Message.objects.exists()


class blocked:
    """`change` is made in a transaction that ends only when a request has run into it.

    Gives `post(client, path)`, whose answer is there when the block ends.
    """

    def __init__(self, change):
        self._change = change

    def __enter__(self):
        self._threads = ThreadPoolExecutor(1)
        self._transaction = transaction.atomic()
        self._transaction.__enter__()
        self._change()
        return self._post

    def _post(self, client, path):
        answer = self._threads.submit(_post, client, path)
        time.sleep(1)
        assert not answer.done(), "it waits for the database"
        self._transaction.__exit__(None, None, None)
        return answer.result(30)

    def __exit__(self, *error):
        self._threads.shutdown()


def _post(client, path):
    try:
        form = {"text": "Hello?", "submission": str(uuid.uuid4())}
        return client.post(path, form, headers={"X-Fragment": "turn"})
    finally:
        connections.close_all()


@pytest.fixture(autouse=True)
def seen_today(alice):
    """So that a request writes nothing before it comes to the submission."""
    type(alice).objects.filter(pk=alice.pk).update(last_seen_at=timezone.now())
