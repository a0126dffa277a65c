"""Deletion of many conversations takes few statements; all that refers to them goes as well."""

import pytest
from django.db import IntegrityError, connection, models, transaction
from django.test.utils import CaptureQueriesContext

from conversations.keeping import row_deletion
from conversations.keeping.piece_size import LEAST, MOST, SECONDS, PieceSize, weight
from conversations.models import (
    Conversation,
    Feedback,
    Hold,
    Message,
    QueuedMessage,
    Response,
    ReviewNote,
    SearchEntry,
)
from conversations.search import index
from tests.support.review_stage import converse


def delete(*conversations):
    ids = [conversation.pk for conversation in conversations]
    messages = Message.objects.filter(conversation__in=ids).values_list("pk", flat=True)
    with transaction.atomic():
        row_deletion.delete(ids, list(messages))


def test_as_many_statements_delete_one_conversation_as_twenty(alice):
    found = [converse(alice, title=f"Title {number}") for number in range(21)]
    for conversation in found:
        index.add_conversation(conversation.pk)
    with CaptureQueriesContext(connection) as one:
        delete(found[0])
    with CaptureQueriesContext(connection) as many:
        delete(*found[1:])
    # FTS5 is given the words of each entry by a statement of its own, prepared once.
    plain = [[q for q in each if "'delete'" not in q["sql"]] for each in (one, many)]
    assert len(plain[0]) == len(plain[1])
    assert not Message.objects.exists()
    assert not SearchEntry.objects.exists()


def test_what_refers_to_a_conversation_goes_and_other_conversations_stay(alice, bob):
    gone, kept = converse(alice), converse(bob)
    for conversation in (gone, kept):
        reply = conversation.messages.filter(role="assistant").first()
        Feedback.objects.create(message=reply, value="bad", comment="words")
        QueuedMessage.objects.create(conversation=conversation, text="words", submission=reply.pk)
        ReviewNote.objects.create(conversation=conversation, author_id=bob.pk, text="words")
        Conversation.objects.filter(pk=conversation.pk).update(active=reply)
    calls = Response.objects.filter(conversation=gone)
    calls.update(request={"input": "words"}, partial="words")
    ids = list(calls.values_list("pk", flat=True))
    delete(gone)
    assert list(Conversation.objects.all()) == [kept]
    for model in (Feedback, QueuedMessage, ReviewNote):
        assert model.objects.count() == 1
    left = Response.objects.filter(pk__in=ids)
    assert len(left) == len(ids) > 0
    assert {(call.conversation_id, call.message_id, call.partial) for call in left} == {
        (None, None, "")
    }
    assert all(call.request == {} for call in left)


def test_a_message_takes_along_all_below_it(alice):
    conversation = Conversation.objects.create(owner=alice)
    first = Message.objects.create(conversation=conversation, role="user", text="1")
    second = Message.objects.create(conversation=conversation, role="assistant", parent=first)
    Message.objects.create(conversation=conversation, role="user", parent=second)
    other = Message.objects.create(conversation=conversation, role="user", text="other")
    Conversation.objects.filter(pk=conversation.pk).update(active=second)
    with transaction.atomic():
        row_deletion.delete([], [first.pk])
    assert list(Message.objects.all()) == [other]
    conversation.refresh_from_db()
    assert conversation.active is None
    connection.check_constraints()


@pytest.mark.parametrize("whose", ["person_id", "conversation_id"])
def test_the_database_refuses_it_under_a_hold(alice, whose):
    held = converse(alice)
    pk = alice.pk if whose == "person_id" else held.pk
    Hold.objects.create(reason="a case", **{whose: pk})
    with pytest.raises(IntegrityError):
        delete(held)
    assert held.messages.exists()


@pytest.mark.parametrize("model", [Conversation, Message])
def test_every_reference_is_one_that_is_deleted_or_detached(model):
    found = {relation.on_delete for relation in row_deletion.references(model)}
    assert found == {models.CASCADE, models.SET_NULL}


def test_pieces_are_smaller_after_a_slow_one_and_grow_while_they_are_quick():
    size = PieceSize()
    first = size.rows
    size.took(first, SECONDS / 2)
    grown = size.rows
    assert grown > first
    size.took(3, SECONDS / 2)  # the rest of a list: it says nothing about greater ones
    assert size.rows == grown
    size.took(grown, SECONDS * 1.5)
    assert size.rows < grown
    for _slow in range(50):
        size.took(size.rows, 1)
    assert size.rows == LEAST
    for _quick in range(50):
        size.took(size.rows, 0)
    assert size.rows == MOST


def test_a_long_text_counts_as_many_rows():
    assert weight(0) == weight(250) == 1
    assert weight(100_000) > 100
