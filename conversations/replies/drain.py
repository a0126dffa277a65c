"""Draining of a process that must exit: replies get time to finish, then they are interrupted.

gunicorn's master kills a worker before the worker's own clean-up runs, so gunicorn.conf.py calls
`finish` a few seconds earlier.
"""

import asyncio
import math

from conversations.replies.engine import Engine

LAST_EVENTS = 1.5  # seconds for streams to show how replies of other processes ended

_until = math.inf
_draining = None


async def finish(seconds):
    """Accept no new replies, let running ones and open event streams finish, then end what is left.

    `seconds` is how long they may take. On return the rows of all replies written by this process
    are final, and all event streams were told to end. A second call waits for the same end and may
    only shorten the time.
    """
    global _until, _draining
    if Engine.serving is None:
        return
    _until = min(_until, asyncio.get_running_loop().time() + seconds)
    if _draining is None:
        _draining = asyncio.create_task(_drain(Engine.serving))
    await asyncio.shield(_draining)


async def _drain(engine):
    engine.draining = True
    while engine.load or engine.streams:
        if engine.loop.time() >= _until:
            break
        await asyncio.sleep(0.1)
    await engine.interrupt_all()
    # What is left follows replies of other processes: their end may be a moment away.
    last = engine.loop.time() + LAST_EVENTS
    while engine.streams and engine.loop.time() < last:
        await asyncio.sleep(0.05)
    engine.streams.dismiss_all()
