"""Follower: polls the database for replies that other processes write and somebody watches."""

from conversations.models import Response
from conversations.replies import response_states
from conversations.replies.live_reply import LiveReply


class Follower:
    """Registry of the replies that other processes write and event streams of this process show.

    Reads their new text from the database, a few times a second, into one LiveReply each (a reply's
    text and HTML in memory, shared by its event streams). `lane` is the Lane, a thread with one
    database connection, on which it reads; `renderer` makes the HTML of new text and wakes the
    event streams. `len()` is the number of replies followed.
    """

    def __init__(self, lane, renderer):
        self._lane = lane
        self._renderer = renderer
        self._live = {}

    def __len__(self):
        return len(self._live)

    async def follow(self, response_id):
        """Return the LiveReply of the open Response with this id, and follow it from now on; None
        if the Response has ended or is gone."""
        live = self._live.get(response_id)
        if live is None:
            seen = await self._lane.run(response_states.load, response_id)
            if seen is None or not seen.is_open:
                return None
            live = LiveReply(seen)
            live.become(seen.partial, seen.partial_reasoning, seen.partial_items)
            await self._renderer.show(live)
            # Not before it is about to be watched, or `look` would drop it; and somebody else
            # may have begun meanwhile.
            live = self._live.setdefault(response_id, live)
        return live

    def drop(self, response_id):
        """Stop following the Response with this id; return its LiveReply, None if it was not
        followed."""
        return self._live.pop(response_id, None)

    async def look(self):
        """Read text and status of all followed replies once; pass what is new to their watchers.

        Replies that have ended, or that nobody watches any more, are dropped.
        """
        for response_id, live in list(self._live.items()):
            if not live.watchers:
                self.drop(response_id)
        if not self._live:
            return
        followed = list(self._live.items())
        rows = await self._lane.run(response_states.look, [pk for pk, _live in followed])
        for response_id, live in followed:
            status, *so_far = rows.get(response_id, (None, "", "", None))
            if status in Response.OPEN:
                live.response.status = status
                live.become(*so_far)
                if live.is_stale:
                    await self._renderer.show(live)
            else:
                live.ended = True
                self.drop(response_id)
                live.wake()
