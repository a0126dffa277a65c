"""Tree of a conversation's messages, read from the database by one query; ids are UUIDs.

The rows are kept as the database driver returns them, and an id is converted to a UUID only when it
is used: to convert a thousand, of which a page shows fifty, took longer than the rest of the query.
"""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from django.db import connection, models

from conversations.database.text_sizes import size_in_bytes
from conversations.models import Message
from conversations.thread.id_tree import Tree

_UUID = models.UUIDField()
_ROWS = """
SELECT id, parent_id FROM conversations_message WHERE conversation_id = %s ORDER BY created_at, id
"""
# The third column is the size of the message's text and of the text extracted from its files.
_SIZED_ROWS = """
SELECT id, parent_id, {size} + COALESCE((
    SELECT SUM(characters) FROM conversations_attachment
    WHERE conversations_attachment.message_id = conversations_message.id
), 0)
FROM conversations_message WHERE conversation_id = %s ORDER BY created_at, id
"""


class MessageTree:
    """Tree of the messages of one Conversation, read by one query when it is created. The ids of
    messages that its methods take and return are UUIDs. With `sized` the query also measures the
    texts, for the method `size`."""

    def __init__(self, conversation, *, sized=False):
        query = _SIZED_ROWS.format(size=size_in_bytes("text")) if sized else _ROWS
        with connection.cursor() as cursor:
            cursor.execute(query, [_stored(conversation.pk)])
            found = cursor.fetchall()
        self._tree = Tree(row[:2] for row in found)
        self._sizes = {row[0]: row[2] for row in found} if sized else {}

    def __contains__(self, message_id):
        return _stored(message_id) in self._tree

    def size(self, message_id):
        """Return the size of the message as one number: the bytes of its text plus the characters
        of the texts of its files. Raises KeyError for an id that is not in the tree, or without
        `sized`."""
        return self._sizes[_stored(message_id)]

    def path_to(self, message_id):
        """Return the Path from the first message down to `message_id`, both included; an empty one
        for None or an id that is not in the tree."""
        return Path(self._tree.path_to(_stored(message_id)))

    def path_through(self, message_id, active=None):
        """Return the Path from the first message through `message_id` down to a message without
        replies: along the branch of the message `active` if `message_id` is on it, else along the
        newest messages. For None it is the Path through `active`."""
        return Path(self._tree.path_through(_stored(message_id), _stored(active)))

    def place(self, message_id):
        """Return the Place of the message among its siblings, the messages with the same parent.
        Raises KeyError for an id that is not in the tree."""
        place = self._tree.place(_stored(message_id))
        return replace(place, previous=_uuid(place.previous), next=_uuid(place.next))


class Path(Sequence):
    """Sequence of the ids (UUIDs) of messages, each followed by one of its children. `stored` are
    the ids as the database driver returns them."""

    def __init__(self, stored):
        self._stored = stored

    def __len__(self):
        return len(self._stored)

    def __getitem__(self, at):
        found = self._stored[at]
        return [_uuid(stored) for stored in found] if isinstance(at, slice) else _uuid(found)

    def __contains__(self, message_id):
        return _stored(message_id) in self._stored

    def index(self, message_id, *bounds):
        return self._stored.index(_stored(message_id), *bounds)


def place_of(message):
    """Return the Place of a Message among its siblings (the messages with the same parent), read
    by one query. Raises Message.DoesNotExist if the message was deleted."""
    siblings = Message.objects.filter(
        conversation_id=message.conversation_id, parent_id=message.parent_id
    )
    ids = list(siblings.order_by("created_at", "id").values_list("pk", flat=True))
    if message.pk not in ids:
        raise Message.DoesNotExist
    return Tree((pk, None) for pk in ids).place(message.pk)


def _stored(message_id):
    """Convert a UUID to what the database driver returns for it: 32 hexadecimal digits on SQLite, a
    UUID on PostgreSQL; None to None."""
    return _UUID.get_db_prep_value(message_id, connection)


def _uuid(stored):
    """Return the UUID for an id as the database driver returned it (`stored`: text on SQLite); None
    for None."""
    return stored if stored is None or isinstance(stored, UUID) else UUID(stored)
