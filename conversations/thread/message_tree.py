"""The tree of a conversation's messages, read from the database by one query; ids are UUIDs.

The rows are kept as the database driver gives them, and a UUID is made only of an id that is read:
to make a thousand of them, of which a page shows fifty, took longer than the rest of the query.
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
        """The Path through `message_id` down to a leaf, along the branch of `active` where it can,
        else along the newest messages; see Tree.path_through."""
        return Path(self._tree.path_through(_stored(message_id), _stored(active)))

    def place(self, message_id):
        """The Place of a message among its siblings."""
        place = self._tree.place(_stored(message_id))
        return replace(place, previous=_uuid(place.previous), next=_uuid(place.next))


class Path(Sequence):
    """A sequence of ids of messages from the root down, as UUIDs."""

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
    """The Place of a Message among its siblings, by a query. Raises Message.DoesNotExist if it was
    deleted."""
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
    """The UUID of an id as `_stored` returns it."""
    return stored if stored is None or isinstance(stored, UUID) else UUID(stored)
