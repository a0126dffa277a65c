"""Spools the body of an import, which may be larger than MAX_BODY, into a file in IMPORT_FOLDER.

Only multipart on the import's address, with a stated length, and only where the session cookie
names somebody who is logged in: that is looked up before a byte is read.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from tempfile import TemporaryFile

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.db import DatabaseError, connections

from conversations.jobs.import_space import NoImportSpace, check_space

PATH = "/data/"
BLOCK = 1_000_000  # bytes that are collected before they are written
PATIENCE = 30  # seconds without a byte
AT_ONCE = 4  # of a process

_thread = ThreadPoolExecutor(1, thread_name_prefix="upload")
_under_way = {}  # person id -> length of the one upload that they may have


def may_be_larger(scope, length):
    """Return True if the request with this ASGI `scope` is an import, whose body may have `length`
    bytes although that is more than MAX_BODY. `length` is None if the client states none."""
    headers = dict(scope["headers"])
    return (
        scope["method"] == "POST"
        and scope["path"] == PATH
        and headers.get(b"content-type", b"").lower().startswith(b"multipart/form-data")
        and length is not None
        and length <= settings.MAX_IMPORT + settings.MAX_BODY
    )


async def spool(scope, receive, length):
    """Receive the body of an import and return it as an open file without a name, at its beginning.

    `scope` and `receive` are ASGI's, `length` is the stated length in bytes. The caller closes the
    file. Returns None if nobody is logged in or the body does not come whole. Raises NoImportSpace
    if the person has another upload under way, or if the limits or the disk have no room for it.
    """
    loop = asyncio.get_running_loop()
    person = await loop.run_in_executor(_thread, _person, scope)
    if person is None:
        return None
    if person in _under_way:
        raise NoImportSpace(is_share=True)
    if len(_under_way) >= AT_ONCE:
        raise NoImportSpace(is_share=False)
    under_way = sum(_under_way.values())
    _under_way[person] = length
    try:
        await loop.run_in_executor(_thread, _check, person, length, under_way)
        settings.IMPORT_FOLDER.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = TemporaryFile(dir=settings.IMPORT_FOLDER)
        if await _receive(loop, receive, file, length):
            file.seek(0)
            return file
        file.close()
        return None
    except OSError as error:
        # The disk is full.
        raise NoImportSpace(is_share=False) from error
    finally:
        del _under_way[person]


def _check(person, length, under_way):
    """Raise NoImportSpace if there is no space for the file, or if the database does not answer."""
    try:
        check_space(person, max(length - settings.MAX_BODY, 0), under_way)
    except DatabaseError as error:
        raise NoImportSpace(is_share=False) from error
    finally:
        connections.close_all()


async def _receive(loop, receive, file, length):
    """Write the body to `file`. Return False if the client leaves, pauses for PATIENCE seconds or
    sends more than `length` bytes."""
    parts, waiting, size = [], 0, 0
    while True:
        try:
            async with asyncio.timeout(PATIENCE):
                message = await receive()
        except TimeoutError:
            return False
        if message["type"] != "http.request":
            return False
        parts.append(message.get("body", b""))
        waiting += len(parts[-1])
        size += len(parts[-1])
        if size > length:
            return False
        ends = not message.get("more_body")
        if ends or waiting >= BLOCK:
            await loop.run_in_executor(None, file.write, b"".join(parts))
            parts, waiting = [], 0
        if ends:
            return True


def _person(scope):
    """Return the id of the person whom the request's session cookie logs in; None if nobody."""
    try:
        cookies = SimpleCookie(dict(scope["headers"]).get(b"cookie", b"").decode("latin-1"))
        key = cookies[settings.SESSION_COOKIE_NAME].value
        store = import_module(settings.SESSION_ENGINE).SessionStore(key)
        return store.get(SESSION_KEY)
    except (CookieError, KeyError, DatabaseError):
        return None
    finally:
        connections.close_all()
