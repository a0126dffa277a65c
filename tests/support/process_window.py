"""The site with a window: `GET /inside/` tells what its process holds, as JSON; `GET /hang/` hangs
its event loop for ever."""

import asyncio
import gc
import json
import os
import threading
import time

from django.db import connection

from chatsite.asgi import application as site
from conversations.replies.engine import Engine

# How often it is noted what the process has done since the event loop last had its turn.
TICK = 0.005  # seconds


class Steps:
    """The longest time that the event loop had to wait for its turn.

    In processor seconds of this process, of all its threads: what holds the loop up from within,
    a callback of its own or a thread that keeps the interpreter, and not what other programs do.
    """

    def __init__(self):
        self._longest = 0.0
        self._task = None

    def longest(self):
        """The longest since the last call; 0 at the first."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._watch())
        longest, self._longest = self._longest, 0.0
        return longest

    async def _watch(self):
        while True:
            before = time.process_time()
            await asyncio.sleep(TICK)
            self._longest = max(self._longest, time.process_time() - before)


steps = Steps()


async def application(scope, receive, send):
    """The site's ASGI application, and the window."""
    if scope["type"] == "http" and scope["path"] == "/hang/":
        time.sleep(600)
    if scope["type"] != "http" or scope["path"] != "/inside/":
        await site(scope, receive, send)
        return
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    held_now = {"longest_step": steps.longest(), **held()}
    await send({"type": "http.response.body", "body": json.dumps(held_now).encode()})


def held():
    """What this process holds now.

    `extra_` is what it should not keep. Threads for requests and connections to the database are
    few, and begin when they are first needed.
    """
    gc.collect()
    engine = Engine.serving
    files, threads = open_files(), [thread.name for thread in threading.enumerate()]
    return {
        "tasks": len(asyncio.all_tasks()),
        "running": sorted(repr(task)[:250] for task in asyncio.all_tasks()),
        "threads": len(threads),
        "extra_threads": sum(not name.startswith("request-") for name in threads),
        "names": sorted(threads),
        "files": len(files),
        "extra_files": len(files) - database_files(files),
        "open": sorted(files),
        "kilobytes": resident_kilobytes(),
        "process": os.getpid(),
        "live": len(engine.live),
        "waiting": {str(live.id): waits(live.task) for live in engine.live.values()},
        "followed": len(engine.follower),
        "watching": len(engine.streams),
    }


def open_files():
    """What each open file descriptor is of: a path, or a socket."""
    names = []
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            names.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        except FileNotFoundError:
            pass  # the one that listed them, or closed since
    return names


def database_files(files):
    """How many of `files` are of connections to the database."""
    if connection.vendor == "sqlite":
        return sum(name.startswith(str(connection.settings_dict["NAME"])) for name in files)
    return connection.pool.get_stats()["pool_size"]


def waits(task):
    """Where a task stands, from the outermost coroutine to what it waits for."""
    lines, inner = [], task.get_coro()
    while inner is not None:
        frame = getattr(inner, "cr_frame", None) or getattr(inner, "ag_frame", None)
        lines.append(f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame else repr(inner))
        inner = getattr(inner, "cr_await", None) or getattr(inner, "ag_await", None)
    return lines


def resident_kilobytes(process="self"):
    with open(f"/proc/{process}/status") as status:
        [line] = [line for line in status if line.startswith("VmRSS:")]
    return int(line.split()[1])
