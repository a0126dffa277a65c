"""Event stream (server-sent events) that shows one reply in one browser while it is written.

It sends the whole article so far, then each block that changes, at the end the finished article. So
reconnecting, reloading, a second tab and another device are all the same case.
"""

import asyncio
import contextlib
import logging
from dataclasses import dataclass

from chatsite.unread_answers import Unread
from conversations.database.outage import is_outage
from conversations.replies.article import (
    render_article,
    render_change,
    render_finished_article,
    render_live_article,
)
from conversations.replies.engine import Engine
from conversations.replies.watcher import Watcher

logger = logging.getLogger(__name__)

AT_ONCE = 500  # blocks that are made into events in one step of the event loop


@dataclass(frozen=True, slots=True)
class Viewer:
    """Person who watches a reply: id and session, by which access is checked, and the language,
    time zone and CSRF token that the reply's HTML is rendered with. `administers_models` is True
    for somebody who may change the language models."""

    person_id: int
    session_key: str
    language: str
    zone: str
    csrf_token: str
    administers_models: bool = False


def watch(response, viewer):
    """Return the EventStream of the Response `response`, open or ended, for the Viewer `viewer`.

    May be called from any thread. The stream's `close` must be called in the end, as Django does
    for the content of a response. Raises TooManyStreams if this process, or this person in it,
    already has as many open streams as are allowed.
    """
    stream = EventStream(response, viewer)
    engine = Engine.serving
    if engine is not None:
        engine.streams.admit(stream.watcher)
    return stream


class EventStream:
    """Async iterator of the bytes of one event stream, for an HTTP response.

    It counts against the limit of open streams until `close`, also if it was never iterated.
    """

    def __init__(self, response, viewer):
        self.watcher = Watcher(viewer)
        self._response = response
        self._unread = Unread(f"person {viewer.person_id}")

    async def __aiter__(self):
        engine = Engine.here()
        self.watcher.begin()
        try:
            parts = _parts(engine, self._response, self.watcher, self._unread)
            async with contextlib.aclosing(parts):
                async for part in parts:
                    self._unread.hold(len(part))
                    self.watcher.begin_to_send()
                    yield part
                    self.watcher.has_sent()
                    self._unread.hold(0)
        except Exception as error:
            if not is_outage(error):
                raise
            # The stream ends, and the browser asks again.
            logger.warning("The database does not answer: a stream was cut.")

    def close(self):
        """Stop counting the stream as open; Django calls this at the end of the response."""
        self._unread.close()
        if Engine.serving is not None:
            Engine.serving.streams.leave(self.watcher)


async def _parts(engine, response, watcher, unread):
    """Yield the events of the stream that shows `response` (a Response) to the Watcher `watcher`,
    as bytes: those of its LiveReply, if it is open, then the finished article.

    Back-pressure: an event is made only while the person's unread bytes are below their share of
    memory; `unread` (an Unread) counts it.
    """
    live = await engine.join(response.pk) if response.is_open else None
    if live is not None:
        live.watchers.add(watcher)
        try:
            async for part in _follow(engine, live, watcher, unread):
                yield part
        finally:
            live.watchers.discard(watcher)
    if watcher.gone:
        return
    async with unread.turn():
        if watcher.gone:
            return
        if live is not None and live.is_finished:
            article = await engine.read(render_finished_article, live, watcher.viewer)
        else:
            article = await engine.read(render_article, response.pk, watcher.viewer)
        part = event("done", article)
        unread.hold(len(part))
    del article
    yield part


async def _follow(engine, live, watcher, unread):
    """Yield the events of the LiveReply `live` as bytes until it ends or `watcher` is dismissed;
    each is made only once the person's unread bytes leave room for it in memory (`unread`)."""
    generation = None
    while not (live.ended or watcher.gone):
        if not unread.has_room():
            await unread.room()
            continue
        if generation != live.generation:
            # At first, and where what was shown as the answer turned out to be reasoning.
            generation = live.generation
            seen = live.seen()
            yield event("reply", render_live_article(live, watcher.viewer))
        changes, seen = live.changes_since(seen)
        for start in range(0, len(changes), AT_ONCE):
            if start:
                # Whoever was slow has thousands to catch up with.
                await asyncio.sleep(0)
                await unread.room()
                if live.ended or watcher.gone:
                    return
            some = changes[start : start + AT_ONCE]
            blocks = [render_change(*change, watcher.viewer) for change in some]
            yield b"".join([event("block", block) for block in blocks])
        if not changes and watcher.reminded():
            yield b": still here\n\n"
        if not live.ended:
            await watcher.wait()


def event(name, html):
    """Return one server-sent event as bytes: `name` is its type, `html` its data, which may have
    line breaks (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""
    data = html.replace("\r", "").replace("\n", "\ndata: ")
    return f"event: {name}\ndata: {data}\n\n".encode()
