"""The event stream of one reply, for one browser.

First the whole article so far, then the blocks that change, at the end the finished article. So
reconnecting, reloading, a second tab and another device are all the same case.
"""

import contextlib
import logging
from dataclasses import dataclass

from conversations.outage import is_outage
from conversations.replies.article import (
    render_article,
    render_finished_article,
    render_live_article,
)
from conversations.replies.engine import Engine
from conversations.replies.live import Watcher

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
    """The bytes of the event stream of `response`, an open or a final one, as an async iterator.

    It counts as open from this call on, until it ends or is dropped. On the event loop.
    """
    engine = Engine.here()
    watcher = Watcher(viewer)
    engine.watching.add(watcher)
    return _stream(engine, response, watcher)


async def _stream(engine, response, watcher):
    try:
        async with contextlib.aclosing(_parts(engine, response, watcher)) as parts:
            async for part in parts:
                with watcher.sending():
                    yield part
    except Exception as error:
        if not is_outage(error):
            raise
        # The stream ends, and the browser asks again.
        logger.warning("The database does not answer: a stream was cut.")
    finally:
        engine.watching.discard(watcher)


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
        article = await engine.read(render_finished_article, live.response, watcher.viewer)
    else:
        article = await engine.read(render_article, response.pk, watcher.viewer)
    yield event("done", article)


async def _follow(engine, live, watcher):
    """Everything of `live` until it has ended."""
    seen = live.seen()
    html = live.html, live.reasoning_html
    article = await engine.read(render_live_article, live.response, watcher.viewer, *html)
    yield event("reply", article)
    while not (live.ended or watcher.gone):
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
