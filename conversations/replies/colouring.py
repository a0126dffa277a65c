"""The colours of code in a live reply: asked for on the event loop, made by another process.

The reply is shown without them until they come.
"""

import asyncio

# Seconds of the clock that the end of a reply waits for the colours of its last code; what has
# none by then is stored without.
END_WAIT = 3


def begin(live, spawn):
    """Let a task bring the colours of the code that is complete, if there is any; `spawn` makes a
    task of a coroutine."""
    is_shown = live.response.message is not None
    if is_shown and live.colouring is None and live.uncoloured():
        live.colouring = spawn(_bring(live))


async def finish(live, spawn):
    """Wait for the colours of a reply that is complete, END_WAIT at most."""
    begin(live, spawn)
    if live.colouring is not None:
        await asyncio.wait({live.colouring}, timeout=END_WAIT)
        if live.colouring is not None:
            live.colouring.cancel()


async def _bring(live):
    """Bring the colours of one box of code after the other and wake the watchers."""
    try:
        while uncoloured := live.uncoloured():
            stream, box = uncoloured
            coloured = await asyncio.wrap_future(stream.ask(box))
            if live.refreshing is not None:
                # A thread changes the same blocks.
                await asyncio.wait({live.refreshing})
            if stream.take_colours(box, coloured):
                live.refreshed()
    finally:
        live.colouring = None
