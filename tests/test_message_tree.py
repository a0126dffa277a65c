"""The tree of a conversation's messages says the same as the ORM, in UUIDs."""

import uuid

from conversations.models import Message
from conversations.thread.message_tree import MessageTree, place_of
from tests.support.ledger_rows import ask


def a_tree(person):
    """A conversation with two versions of its first reply, and a message behind the second."""
    first = ask(person).message
    second = Message.objects.create(
        conversation=first.conversation, parent=first.parent, role="assistant", text="Again"
    )
    last = Message.objects.create(
        conversation=first.conversation, parent=second, role="user", text="And then?"
    )
    return first, second, last


def parents(message):
    """The ids from the root to `message`, by one query each."""
    above = parents(message.parent) if message.parent_id else []
    return [*above, message.pk]


def test_paths_are_those_of_the_rows(alice):
    first, second, last = a_tree(alice)
    tree = MessageTree(first.conversation)
    for message in (first, second, last):
        assert list(tree.path_to(message.pk)) == parents(message)
    assert list(tree.path_through(second.pk)) == parents(last)
    assert list(tree.path_through(None, first.pk)) == parents(first)
    assert list(tree.path_to(None)) == []


def test_a_path_is_a_sequence_of_uuids(alice):
    _first, second, last = a_tree(alice)
    path = MessageTree(last.conversation).path_to(last.pk)
    assert len(path) == 3
    assert path[-1] == last.pk
    assert path[1:] == [second.pk, last.pk]
    assert all(type(message_id) is uuid.UUID for message_id in path)
    assert path.index(second.pk) == 1
    assert second.pk in path
    assert uuid.uuid4() not in path


def test_places_are_those_of_the_rows(alice):
    first, second, last = a_tree(alice)
    tree = MessageTree(first.conversation)
    for message in (first, second, last, first.parent):
        assert tree.place(message.pk) == place_of(message)
    assert tree.place(second.pk).previous == first.pk


def test_messages_of_others_are_not_in_it(alice, bob):
    first, *_others = a_tree(alice)
    theirs = ask(bob).message
    tree = MessageTree(first.conversation)
    assert first.pk in tree
    assert theirs.pk not in tree
