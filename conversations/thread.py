"""What a conversation's page shows: the messages of one path, newest last."""

import uuid
from dataclasses import dataclass, field

from conversations.models import Message
from conversations.tree import Tree

PAGE = 50


@dataclass
class Thread:
    """One path through a conversation.

    `messages` are the shown ones, each with its `place` among siblings; `earlier` is how many
    older ones there are above them; `leaf` is the id of the path's last message.
    """

    messages: list = field(default_factory=list)
    earlier: int = 0
    leaf: object = None

    @property
    def pending(self):
        """The reply that is being written, if the path ends in one."""
        last = self.messages[-1] if self.messages else None
        return last if last is not None and last.is_pending else None


def thread(conversation, at=None, before=None):
    """The Thread of `conversation` through the message `at` (None: the active branch).

    The newest PAGE messages, or with `before` (a message id of the path) the PAGE above it.
    Two queries however long it is. Raises Message.DoesNotExist for an `at` that is not there.
    """
    rows = conversation.messages.order_by("created_at", "id").values_list("id", "parent_id")
    tree = Tree(rows)
    for wanted in (at, before):
        if wanted is not None and wanted not in tree:
            raise Message.DoesNotExist
    path = tree.path_through(at, conversation.active_id)
    end = path.index(before) if before in path else len(path)
    start = max(0, end - PAGE)
    if at in path[:end]:
        start = min(start, max(0, path.index(at) - 1))
    shown = path[start:end]
    by_id = conversation.messages.select_related("response", "feedback").in_bulk(shown)
    messages = []
    for message_id in shown:
        message = by_id[message_id]
        message.conversation = conversation
        message.place = tree.place(message_id)
        messages.append(message)
    return Thread(messages, start, path[-1] if path else None)


def place_of(message):
    """The Place of one message among its siblings; Message.DoesNotExist if it was deleted."""
    siblings = Message.objects.filter(
        conversation_id=message.conversation_id, parent_id=message.parent_id
    )
    rows = list(siblings.order_by("created_at", "id").values_list("pk", flat=True))
    if message.pk not in rows:
        raise Message.DoesNotExist
    return Tree((pk, None) for pk in rows).place(message.pk)


def as_uuid(text):
    """The UUID written in `text`, or None."""
    try:
        return uuid.UUID(text)
    except (TypeError, ValueError):
        return None
