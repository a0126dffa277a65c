"""The event stream of one reply, for one browser.

First the whole article so far, then the blocks that change, at the end the finished article. So
reconnecting, reloading, a second tab and another device are all the same case.
"""

import contextlib
import logging
from dataclasses import dataclass

from conversations.database.outage import is_outage
from conversations.replies.article import (
    render_article,
    render_finished_article,
    render_live_article,
)
from conversations.replies.engine import Engine
from conversations.replies.watcher import Watcher

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who watches, and in what language, zone and form token the article is drawn for them."""

    person_id: int
    session_key: str
    language: str
    zone: str
    csrf_token: str


def watch(response, viewer):
    """The EventStream of `response`, an open or a final one; from any thread.

    Raises TooManyStreams where this process, or this person, has as many as it may.
    """
    stream = EventStream(response, viewer)
    engine = Engine.serving
    if engine is not None:
        engine.streams.admit(stream.watcher)
    return stream


class EventStream:
    """The bytes of an event stream, as an async iterator.

    It counts as open until it is closed, also if it never began.
    """

    def __init__(self, response, viewer):
        self.watcher = Watcher(viewer)
        self._response = response

    async def __aiter__(self):
        engine = Engine.here()
        self.watcher.begin()
        try:
            async with contextlib.aclosing(_parts(engine, self._response, self.watcher)) as parts:
                async for part in parts:
                    self.watcher.begin_to_send()
                    yield part
                    self.watcher.has_sent()
        except Exception as error:
            if not is_outage(error):
                raise
            # The stream ends, and the browser asks again.
            logger.warning("The database does not answer: a stream was cut.")

    def close(self):
        """Django calls this when the stream has ended, or its browser has left."""
        if Engine.serving is not None:
            Engine.serving.streams.leave(self.watcher)


async def _parts(engine, response, watcher):
    live = await engine.join(response.pk) if response.is_open else None
    if live is not None:
        live.watchers.add(watcher)
        try:
            async for part in _follow(engine, live, watcher):
                yield part
        finally:
            live.watchers.discard(watcher)
    if watcher.gone:
        return
    if live is not None and live.is_finished:
        article = await engine.read(render_finished_article, live, watcher.viewer)
    else:
        article = await engine.read(render_article, response.pk, watcher.viewer)
    yield event("done", article)


async def _follow(engine, live, watcher):
    """Everything of `live` until it has ended."""
    generation = None
    while not (live.ended or watcher.gone):
        if generation != live.generation:
            # At first, and where what was shown as the answer turned out to be reasoning.
            generation = live.generation
            seen = live.seen()
            article = render_live_article(live, watcher.viewer)
            yield event("reply", article)
        blocks, seen = live.changes_since(seen)
        if blocks:
            yield b"".join([event("block", block) for block in blocks])
        elif watcher.reminded():
            yield b": still here\n\n"
        if not live.ended:
            await watcher.wait()


def event(name, html):
    """One server-sent event with `html` as its data."""
    data = html.replace("\r", "").replace("\n", "\ndata: ")
    return f"event: {name}\ndata: {data}\n\n".encode()
