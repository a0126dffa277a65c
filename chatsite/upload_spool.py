"""Spool for the bodies of requests that carry files and may be larger than MAX_BODY: writes them to
temporary files beside the site's data.

It takes only multipart forms, on paths that take files (the import, the forms of messages,
/files/), with a stated length, and only from somebody who is logged in: the session is looked up
before a byte is read.
"""

import asyncio
import logging
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from tempfile import TemporaryFile

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.db import DatabaseError, connections

from chatsite.sending_rate import SendingRate
from chatsite.share import share_of
from conversations.jobs.import_space import NoImportSpace, check_space

logger = logging.getLogger(__name__)

IMPORT_PATH = "/data/"
FILE_PATH = "/files/"
_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
# The forms of a message: a new conversation's, a conversation's, of the queued and an edited one.
_MESSAGE = re.compile(rf"/(?:conversations/{_UUID}/(?:queued/)?|messages/{_UUID}/edit/)?")
BLOCK = 1_000_000  # bytes that are collected before they are written
AT_ONCE = 4  # imports of a process

_thread = ThreadPoolExecutor(1, thread_name_prefix="upload")
_under_way = {}  # person id -> length of the one import that they may have
_received = Counter()  # person id -> bytes of their messages with files that are being received


def most_of(path):
    """Return the largest body in bytes that the URL path `path` accepts from a logged-in person;
    None if the path takes no files."""
    if path == IMPORT_PATH:
        return settings.MAX_IMPORT + settings.MAX_BODY
    if path == FILE_PATH:
        return settings.MAX_FILE + settings.MAX_BODY
    if _MESSAGE.fullmatch(path):
        return settings.MAX_FILE * settings.FILES_PER_MESSAGE + settings.MAX_BODY
    return None


def may_be_larger(scope, length):
    """Return True if the request with this ASGI `scope` is a form with files whose body may be
    larger than MAX_BODY, and `length` bytes are not too many for its path. `length` is the
    Content-Length that the client states; False if it is None (not stated)."""
    headers = dict(scope["headers"])
    most = most_of(scope["path"])
    return (
        scope["method"] == "POST"
        and most is not None
        and headers.get(b"content-type", b"").lower().startswith(b"multipart/form-data")
        and length is not None
        and length <= most
    )


async def spool(scope, receive, length):
    """Receive the body of a request with files into a temporary file, and return it as an open file
    at its beginning, for the caller to close.

    `scope` and `receive` are ASGI's, `length` is the stated length in bytes. Return None if nobody
    is logged in or the body is incomplete. Raise NoImportSpace if the person sends more at a time
    than their share, or if the server or its disk has no room.
    """
    loop = asyncio.get_running_loop()
    person = await loop.run_in_executor(_thread, _person, scope)
    if person is None:
        return None
    if scope["path"] != IMPORT_PATH:
        return await _spool_message(loop, receive, person, length)
    if person in _under_way:
        raise NoImportSpace(is_share=True)
    if len(_under_way) >= AT_ONCE:
        raise NoImportSpace(is_share=False)
    under_way = sum(_under_way.values())
    _under_way[person] = length
    try:
        await loop.run_in_executor(_thread, _check, person, length, under_way)
        return await _spool_into(loop, settings.IMPORT_FOLDER, receive, length)
    finally:
        del _under_way[person]


async def _spool_message(loop, receive, person, length):
    """Receive the body of a message with files, of `length` bytes, into a temporary file; return
    the open file at its beginning, for the caller to close, or None if the body is incomplete.
    Raise NoImportSpace if the person with the id `person` is sending more than their share of
    UPLOAD_SPACE, or if the process or the disk has no room. `loop` is the event loop."""
    # Whatever the share is, one whole message is always allowed.
    share = max(share_of(settings.UPLOAD_SPACE), most_of("/"))
    if _received[person] + length > share:
        raise NoImportSpace(is_share=True)
    if _received.total() + length > max(settings.UPLOAD_SPACE, share):
        raise NoImportSpace(is_share=False)
    _received[person] += length
    try:
        return await _spool_into(loop, settings.UPLOAD_FOLDER, receive, length)
    finally:
        _received[person] -= length
        if not _received[person]:
            del _received[person]


async def _spool_into(loop, folder, receive, length):
    """Receive a body of `length` bytes into a temporary file in `folder` (a Path), and return the
    open file at its beginning; None if the body is incomplete. Raise NoImportSpace if the file
    cannot be written, as on a full disk. `loop` is the event loop."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = TemporaryFile(dir=folder)
        try:
            if await _receive(loop, receive, file, length):
                file.seek(0)
                return file
        except BaseException:
            file.close()
            raise
        file.close()
        return None
    except OSError as error:
        # Mostly a full disk; which fault it is only the operator may know.
        logger.warning("An upload could not be stored: %s", error)
        raise NoImportSpace(is_share=False) from error


def _check(person, length, under_way):
    """Raise NoImportSpace if the person with the id `person` may not import a file of `length`
    bytes now, given `under_way`, the bytes of imports being received; also if the database does not
    answer."""
    try:
        check_space(person, max(length - settings.MAX_BODY, 0), under_way)
    except DatabaseError as error:
        raise NoImportSpace(is_share=False) from error
    finally:
        connections.close_all()


async def _receive(loop, receive, file, length):
    """Write the body from ASGI's `receive` to the open `file`, in threads of the event loop `loop`.
    Return True if it came whole; False if the client leaves, sends too slowly or sends more than
    `length` bytes."""
    parts, waiting, size, rate = [], 0, 0, SendingRate()
    while True:
        try:
            message = await rate.receive(receive)
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
    """Return the id (as text) of the person whom the session cookie in `scope` (ASGI) logs in; None
    if nobody is logged in, or if the database does not answer."""
    try:
        cookies = SimpleCookie(dict(scope["headers"]).get(b"cookie", b"").decode("latin-1"))
        key = cookies[settings.SESSION_COOKIE_NAME].value
        store = import_module(settings.SESSION_ENGINE).SessionStore(key)
        return store.get(SESSION_KEY)
    except (CookieError, KeyError, DatabaseError):
        return None
    finally:
        connections.close_all()
