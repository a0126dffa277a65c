"""ASGI application of the site with two further addresses: `GET /inside/` answers JSON about what
the process holds (tasks, threads, files, memory); `GET /hang/` blocks its event loop for 600 s."""

import asyncio
import gc
import json
import os
import threading
import time

from django.db import connection

from chatsite.asgi import application as site
from conversations.replies.engine import Engine

# Interval at which the processor time since the last turn of the event loop is measured.
TICK = 0.005  # seconds


class Steps:
    """Measurement of the longest time for which the event loop was blocked, in processor seconds of
    all threads of the process: by a callback, or by a thread that holds the interpreter. Time taken
    by other programs does not count."""

    def __init__(self):
        self._longest = 0.0
        self._task = None

    def longest(self):
        """Return the longest time of blocking since the last call, in processor seconds, and begin
        anew. The first call starts the measurement and returns 0. Call it in the event loop."""
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
    """ASGI application: the site's, with /inside/ and /hang/. The arguments are those of ASGI."""
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
    """Return what this process holds as a dict: numbers and names of asyncio tasks, threads and
    open files; resident memory in kB; the numbers of live replies (written by this process), of
    followed ones (written by another), and of open event streams.

    `extra_threads` and `extra_files` count those that should not stay: all but the threads for
    requests and the connections to the database, which are few and are kept.
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
    """Return what each open file descriptor of this process refers to, as text: a path, or
    "socket:[…]"."""
    names = []
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            names.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        except FileNotFoundError:
            pass  # the one that listed them, or closed since
    return names


def database_files(files):
    """Return how many of the descriptors `files` (see `open_files`) are connections to the
    database."""
    if connection.vendor == "sqlite":
        return sum(name.startswith(str(connection.settings_dict["NAME"])) for name in files)
    return connection.pool.get_stats()["pool_size"]


def waits(task):
    """Return the chain of awaits of an asyncio `task`, from the outermost coroutine to what it
    waits for, as a list of "file:line" texts."""
    lines, inner = [], task.get_coro()
    while inner is not None:
        frame = getattr(inner, "cr_frame", None) or getattr(inner, "ag_frame", None)
        lines.append(f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame else repr(inner))
        inner = getattr(inner, "cr_await", None) or getattr(inner, "ag_await", None)
    return lines


def resident_kilobytes(process="self"):
    """Return the resident memory of a process (its id, or "self") in kB."""
    with open(f"/proc/{process}/status") as status:
        [line] = [line for line in status if line.startswith("VmRSS:")]
    return int(line.split()[1])
