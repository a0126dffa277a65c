"""The follower: reads from the database the replies that other processes write, for watchers
here."""

from conversations.models import Response
from conversations.replies import response_states
from conversations.replies.live_reply import LiveReply


class Follower:
    """One LiveReply for all watchers of a reply here; dropped when the last has left.

    `lane` reads the database, `renderer` shows what came to the watchers.
    """

    def __init__(self, lane, renderer):
        self._lane = lane
        self._renderer = renderer
        self._live = {}

    def __len__(self):
        return len(self._live)

    async def follow(self, response_id):
        """The LiveReply of an open Response; None if it is final."""
        live = self._live.get(response_id)
        if live is None:
            seen = await self._lane.run(response_states.load, response_id)
            if seen is None or not seen.is_open:
                return None
            live = LiveReply(seen)
            _take_in(live, seen.partial, seen.partial_reasoning)
            await self._renderer.show(live)
            # Not before it is about to be watched, or `look` would drop it; and somebody else
            # may have begun meanwhile.
            live = self._live.setdefault(response_id, live)
        return live

    def drop(self, response_id):
        """Follow no longer."""
        return self._live.pop(response_id, None)

    async def look(self):
        """Read once how far all of them are."""
        for response_id, live in list(self._live.items()):
            if not live.watchers:
                self.drop(response_id)
        if not self._live:
            return
        followed = list(self._live.items())
        rows = await self._lane.run(response_states.look, [pk for pk, _live in followed])
        for response_id, live in followed:
            status, text, reasoning = rows.get(response_id, (None, "", ""))
            if status in Response.OPEN:
                live.response.status = status
                _take_in(live, text, reasoning)
                if live.is_stale:
                    await self._renderer.show(live)
            else:
                live.ended = True
                self.drop(response_id)
                live.wake()


def _take_in(live, text, reasoning):
    if not (text.startswith(live.text) and reasoning.startswith(live.reasoning)):
        live.replace(text, reasoning)
        return
    if len(reasoning) > len(live.reasoning):
        live.add_reasoning(reasoning[len(live.reasoning) :])
    if len(text) > live.text_length:
        live.add_text(text[live.text_length :])
