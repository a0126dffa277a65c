"""The tree of a conversation's messages: paths through it and siblings in it. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message stands among its siblings: `number` of `count`, and its neighbours' ids."""

    number: int
    count: int
    previous: object = None
    next: object = None


class Tree:
    """Built from `(id, parent id)` rows in the order of their creation."""

    def __init__(self, rows):
        self._parent = {}
        self._children = {None: []}
        for message_id, parent_id in rows:
            self._parent[message_id] = parent_id
            self._children.setdefault(parent_id, []).append(message_id)

    def __contains__(self, message_id):
        return message_id in self._parent

    def path_to(self, message_id):
        """Ids from the root down to `message_id`, both included; empty for None."""
        path = []
        while message_id is not None and message_id in self._parent:
            path.append(message_id)
            message_id = self._parent[message_id]
        return path[::-1]

    def path_through(self, message_id, active=None):
        """The path through `message_id` down to a leaf.

        Below it the branch of `active` is followed where that runs through it, else the newest.
        With `message_id` None it is the path to `active`, or of the newest messages.
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
        """The Place of `message_id` among the messages with the same parent."""
        siblings = self._children[self._parent[message_id]]
        at = siblings.index(message_id)
        return Place(
            number=at + 1,
            count=len(siblings),
            previous=siblings[at - 1] if at else None,
            next=siblings[at + 1] if at + 1 < len(siblings) else None,
        )
