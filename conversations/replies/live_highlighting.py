"""Syntax highlighting of code blocks in a live reply: requested here, computed by another process.

Until it arrives the code is shown without colours.
"""

import asyncio

# Seconds that the end of a reply waits for the syntax highlighting of its last code; what has
# none by then is stored without.
END_WAIT = 3


def begin(live, spawn):
    """Start a task that highlights the complete code blocks of the LiveReply `live`, if it has any.

    Does nothing if such a task is running, or if `live` is a title. `spawn` is a function that
    starts a coroutine as an asyncio task and returns the task.
    """
    has_code = live.highlighting is None and live.unhighlighted()
    if has_code and live.response.message is not None:
        live.highlighting = spawn(_bring(live))


async def finish(live, spawn):
    """Wait until the code blocks of a completed LiveReply are highlighted, for at most END_WAIT
    seconds; what is not highlighted by then stays without colours. `spawn` is as in `begin`."""
    begin(live, spawn)
    if live.highlighting is not None:
        await asyncio.wait({live.highlighting}, timeout=END_WAIT)
        if live.highlighting is not None:
            live.highlighting.cancel()


async def _bring(live):
    """Highlight the code blocks of the LiveReply `live` in turn; wake its watchers after each."""
    try:
        while unhighlighted := live.unhighlighted():
            stream, box = unhighlighted
            highlighted = await asyncio.wrap_future(stream.ask(box))
            if live.refreshing is not None:
                # A thread changes the same blocks.
                await asyncio.wait({live.refreshing})
            if stream.take_highlighting(box, highlighted):
                live.refreshed()
    finally:
        live.highlighting = None
