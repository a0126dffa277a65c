"""The event stream of one reply, for one browser.

First the whole article so far, then the blocks that change, at the end the finished article. So
reconnecting, reloading, a second tab and another device are all the same case.
"""

import time
from dataclasses import dataclass

from conversations.replies.article import (
    render_article,
    render_finished_article,
    render_live_article,
)
from conversations.replies.engine import Engine
from conversations.replies.live import Watcher


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who watches, and in what language, zone and form token the article is drawn for them."""

    person_id: int
    session_key: str
    language: str
    zone: str
    csrf_token: str


async def watch(response, viewer):
    """Yield the bytes of the event stream of `response`, an open or a final one."""
    engine = Engine.here()
    live = await engine.join(response.pk) if response.is_open else None
    if live is not None:
        watcher = Watcher(viewer)
        live.watchers.add(watcher)
        engine.watching.add(watcher)
        try:
            async for part in _follow(engine, live, watcher):
                watcher.sending_since = time.monotonic()
                yield part
                watcher.sending_since = None
                watcher.sent_at = time.monotonic()
        finally:
            live.watchers.discard(watcher)
            engine.watching.discard(watcher)
        if watcher.gone:
            return
    if live is not None and live.is_finished:
        article = await engine.read(render_finished_article, live.response, viewer)
    else:
        article = await engine.read(render_article, response.pk, viewer)
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
        elif time.monotonic() - watcher.sent_at > 10:
            yield b": still here\n\n"
        if not live.ended:
            await watcher.wait()


def event(name, html):
    """One server-sent event with `html` as its data."""
    data = html.replace("\r", "").replace("\n", "\ndata: ")
    return f"event: {name}\ndata: {data}\n\n".encode()
