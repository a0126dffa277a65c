"""Pace of live replies: how often new text is rendered to HTML and sent to the browsers.

The more all replies of a process cost together, the longer the pause between two updates, so that
they take a bounded share of its time. Measured with 50 replies of 20 tokens/s, rendering and, still
more, the system call that sends it are most of what a token costs; one of each for several tokens
halves it.
"""

import asyncio
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from conversations import items, upstream
from conversations.replies import live_highlighting
from conversations.replies.live_item import annotations_of

SHARE = 0.15  # of the process's time
# Replies that are rendered in one turn of the event loop, each in at most some milliseconds. One a
# turn was measured to cost a seventh of all that 50 replies take, and 30 ms of delay.
TOGETHER = 8
# What sending one change costs, besides rendering it: measured, and not seen from here.
SENDING = 0.0001  # seconds
# Seconds between two changes of one reply. Each costs the same however much text came meanwhile: 50
# replies took a tenth less processor time than at 0.075. The text is then at most 0.1 s behind the
# gateway, which is the limit.
QUICKEST = 0.087
# An item with a member longer than this, or with a list in it, is cleaned in a thread.
SHORT = 1_000  # characters
# The attribute of an event that has JSON of the gateway.
_GIVEN = {
    upstream.ItemOpened: "item",
    upstream.ItemChanged: "changes",
    upstream.ItemClosed: "item",
    upstream.Annotated: "annotation",
}
SLOWEST = 0.18  # so that while text comes a page changes at least five times a second


def _stored(live):
    """Return `{column: value}` to store with the message of the LiveReply `live`, a reply that is
    more than plain text. It may render, so it blocks the thread."""
    found = live.stored_items()
    # Its citation marks can be resolved, now that all annotations are known.
    return live.projections(found) if items.needs_rerender(found) else live.stored(found)


def _kept(item):
    """Return `item` (dict: the JSON of an item or annotation, or changed members of an item)
    without texts that a LiveText has anyway (those of reasoning, and of a message without
    annotations), and without members that only this site may set."""
    item = items.without_files(item)
    kind = item.get("type")
    if kind == "reasoning" or (kind == "message" and not annotations_of(item)):
        return {name: value for name, value in item.items() if name not in ("content", "summary")}
    return item


def _is_short(value):
    """Return True if `value`, a member of an item's JSON, is so short that it may be cleaned on the
    event loop: a text of at most SHORT characters, or no list or dict."""
    return len(value) <= SHORT if isinstance(value, str) else not isinstance(value, dict | list)


class Pace:
    """A common timer for the updates of all replies of a process, slower the more they cost.

    It ticks ("beats") every `interval` seconds. It is common since waking up for each reply alone,
    in this process and in the kernel, was measured to cost up to half as much as what is done then.
    """

    def __init__(self):
        self.interval = QUICKEST
        self._last = 0.0
        self._spent = 0.0
        self._since = time.monotonic()
        self._loop = asyncio.get_running_loop()
        self._waiting = []

    def beat(self):
        """Return a future that is done at the next beat, when the next update may be rendered."""
        if not self._waiting:
            now = self._loop.time()
            # From the last beat on, so that none comes early when the interval changes.
            following = self._last + self.interval
            self._last = following if following > now else now + self.interval
            self._loop.call_at(self._last, self._beat)
        future = self._loop.create_future()
        self._waiting.append(future)
        return future

    def _beat(self):
        waiting, self._waiting = self._waiting, []
        self._release(deque(waiting))

    def _release(self, waiting):
        """Set the first TOGETHER futures of the deque `waiting` as done, and the others in the next
        turns of the event loop, which replies that are rendered in one turn would hold."""
        for _ in range(min(TOGETHER, len(waiting))):
            future = waiting.popleft()
            if not future.done():
                future.set_result(None)
        if waiting:
            self._loop.call_soon(self._release, waiting)

    def spent(self, seconds):
        """Add the cost of one update, for `adjust`: `seconds` that rendering took, and SENDING."""
        self._spent += seconds + SENDING

    def adjust(self):
        """Set `interval` (seconds) by the share of the process's time that updates took since the
        last call: longer if it was more than SHARE."""
        now = time.monotonic()
        share = self._spent / max(now - self._since, 1e-3)
        self._spent, self._since = 0.0, now
        wanted = self.interval * share / SHARE
        self.interval = min(max((self.interval + wanted) / 2, QUICKEST), SLOWEST)


class Renderer:
    """Renders the new text of LiveReplies to HTML, on the event loop or, if long, in a thread.

    `spawn` is a function that starts a coroutine as an asyncio task and returns the task. `beat()`
    returns a future to await between two updates of a reply; `adjust()` chooses the time between
    two beats anew and is to be called several times a second.
    """

    def __init__(self, spawn):
        self._spawn = spawn
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="replies-render")
        self._pace = Pace()
        self.beat = self._pace.beat
        self.adjust = self._pace.adjust

    async def show(self, live):
        """Render what was added to the LiveReply `live` since the last call, wake its watchers, and
        start the syntax highlighting of new code blocks."""
        if live.waits_for_long_parse():
            live.refreshing = self._loop.run_in_executor(self._thread, live.refresh)
            await asyncio.shield(live.refreshing)
            live.refreshing = None
        else:
            began = time.perf_counter()
            live.refresh()
            self._pace.spent(time.perf_counter() - began)
        live.refreshed()
        live_highlighting.begin(live, self._spawn)

    async def complete(self, live):
        """Render the final HTML of the LiveReply `live`, which has ended, and return the columns of
        its Message to store, `{column: value}`. It waits for syntax highlighting, for at most
        `live_highlighting.END_WAIT` seconds."""
        if live.refreshing is not None:
            # It was stopped while a thread was rendering.
            await asyncio.wait({live.refreshing})
        if live.waits_for_long_end():
            await self._loop.run_in_executor(self._thread, live.complete)
        else:
            live.complete()
        await live_highlighting.finish(live, self._spawn)
        if live.is_plain():
            return live.stored(None)
        return await self._loop.run_in_executor(self._thread, _stored, live)

    async def cleaned(self, event):
        """Return `event`, an upstream.ItemEvent, with the JSON in it made safe to store (see
        `conversations.items.clean`); that is done in a thread if it may take long."""
        member = _GIVEN.get(type(event))
        if member is None:
            return event
        given = _kept(getattr(event, member))
        if all(map(_is_short, given.values())):
            clean = items.clean(given)
        else:
            clean = await self._loop.run_in_executor(self._thread, items.clean, given)
        if member == "changes":
            clean.pop("type", None)
        return replace(event, **{member: clean})

    def close(self):
        """End the thread once what it renders is done; returns at once."""
        self._thread.shutdown(wait=False)
