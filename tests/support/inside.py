"""The site with a window: `GET /inside/` tells what its process holds, as JSON."""

import asyncio
import gc
import json
import os
import threading

from django.db import connection

from chatsite.asgi import application as site
from conversations.replies.engine import Engine


async def application(scope, receive, send):
    """The site's ASGI application, and the window."""
    if scope["type"] != "http" or scope["path"] != "/inside/":
        await site(scope, receive, send)
        return
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(held()).encode()})


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


def resident_kilobytes():
    with open("/proc/self/status") as status:
        [line] = [line for line in status if line.startswith("VmRSS:")]
    return int(line.split()[1])
