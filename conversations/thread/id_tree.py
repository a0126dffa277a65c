"""Tree of a conversation's messages as a data structure: paths and siblings. Pure, without the
database."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Position of a message among its siblings, the messages with the same parent: `number` (from
    1) of `count`, and the ids of the `previous` and the `next` sibling (None: there is none)."""

    number: int
    count: int
    previous: object = None
    next: object = None


class Tree:
    """Tree of message ids, made of `rows`: `(id, parent id)` of each message, oldest first; the
    parent id is None for a first message."""

    def __init__(self, rows):
        self._parent = {}
        self._children = {None: []}
        for message_id, parent_id in rows:
            self._parent[message_id] = parent_id
            self._children.setdefault(parent_id, []).append(message_id)

    def __contains__(self, message_id):
        return message_id in self._parent

    def path_to(self, message_id):
        """Return a list of the ids from the first message down to `message_id`, both included; an
        empty list for None or an id that is not in the tree."""
        path = []
        while message_id is not None and message_id in self._parent:
            path.append(message_id)
            message_id = self._parent[message_id]
        return path[::-1]

    def path_through(self, message_id, active=None):
        """Return a list of ids: the path from the first message through `message_id` down to a
        message without children.

        If `message_id` is on the path to the message `active` (an id), the path goes on to
        `active`; from there, or else from `message_id`, it goes down to the newest child each time.
        With `message_id` None it is the path through `active`; with both None that of the newest
        messages.
        """
        if message_id is None:
            message_id = active
        preferred = self.path_to(active)
        if message_id in preferred:
            path = preferred
        else:
            path = self.path_to(message_id)
        below = path[-1] if path else None
        while children := self._children.get(below):
            below = children[-1]
            path.append(below)
        return path

    def place(self, message_id):
        """Return the Place of `message_id` among the messages with the same parent. Raises KeyError
        for an id that is not in the tree."""
        siblings = self._children[self._parent[message_id]]
        at = siblings.index(message_id)
        return Place(
            number=at + 1,
            count=len(siblings),
            previous=siblings[at - 1] if at else None,
            next=siblings[at + 1] if at + 1 < len(siblings) else None,
        )
