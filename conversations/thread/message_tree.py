"""The tree of a conversation's messages as the database has it: one query, ids as UUIDs.

A UUID of Python is made only of an id that somebody looks at: to make those of a thousand messages,
of which a page shows fifty, took longer than everything else of the query.
"""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from django.db import connection, models

from conversations.models import Message
from conversations.thread.tree import Tree

_UUID = models.UUIDField()
_ROWS = """
SELECT id, parent_id FROM conversations_message WHERE conversation_id = %s ORDER BY created_at, id
"""


class MessageTree:
    """The messages of one conversation; all ids that go in or come out are UUIDs."""

    def __init__(self, conversation):
        with connection.cursor() as cursor:
            cursor.execute(_ROWS, [_stored(conversation.pk)])
            self._tree = Tree(cursor.fetchall())

    def __contains__(self, message_id):
        return _stored(message_id) in self._tree

    def path_to(self, message_id):
        """The Path from the root down to `message_id`, both included; empty for None."""
        return Path(self._tree.path_to(_stored(message_id)))

    def path_through(self, message_id, active=None):
        """The Path through `message_id` down to a leaf; see Tree.path_through."""
        return Path(self._tree.path_through(_stored(message_id), _stored(active)))

    def place(self, message_id):
        """The Place of a message among its siblings."""
        place = self._tree.place(_stored(message_id))
        return replace(place, previous=_uuid(place.previous), next=_uuid(place.next))


class Path(Sequence):
    """Ids of messages from the root on, as UUIDs."""

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
    """The Place of one Message among its siblings; Message.DoesNotExist if it was deleted."""
    siblings = Message.objects.filter(
        conversation_id=message.conversation_id, parent_id=message.parent_id
    )
    ids = list(siblings.order_by("created_at", "id").values_list("pk", flat=True))
    if message.pk not in ids:
        raise Message.DoesNotExist
    return Tree((pk, None) for pk in ids).place(message.pk)


def _stored(message_id):
    """An id as the database gives it: 32 hexadecimal digits on SQLite, a UUID on PostgreSQL."""
    return _UUID.get_db_prep_value(message_id, connection)


def _uuid(stored):
    return stored if stored is None or isinstance(stored, UUID) else UUID(stored)
