"""Download of one file that code made in a container of the gateway, into an open file."""

import asyncio
from contextlib import aclosing
from typing import IO
from urllib.parse import quote

import httpx

from .deadline import Deadline
from .events import Failed
from .response_body import chunks, next_chunk

WRITTEN_AT_ONCE = 256 * 1024  # bytes


def path_of(container: str, file: str) -> str:
    """Return the path, within the gateway's address, of the content of the file with the id `file`
    in the container with the id `container`. Raises ValueError for ids that could lead to another
    path."""
    for each in (container, file):
        if not each or set(each) <= {"."} or not each.isprintable():
            raise ValueError("no id of a file")
    return f"/containers/{quote(container, safe='')}/files/{quote(file, safe='')}/content"


async def write_body(
    http_response: httpx.Response, into: IO[bytes], most: int, deadline: Deadline
) -> Failed | None:
    """Append the body of `http_response` to the open file `into`, in pieces and in a thread.

    Returns None once all is written; else a Failed, whose code is "too_large" for more than `most`
    bytes, or says why the body broke off or was not complete when `deadline`, the running Deadline
    of the download, ran out. Raises OSError if the file cannot be written.
    """
    pieces: list[bytes] = []
    size = waiting = 0
    async with aclosing(chunks(http_response)) as arriving:
        while True:
            data, fault = await next_chunk(arriving, deadline)
            if fault is not None:
                return fault
            if data is not None:
                size += len(data)
                waiting += len(data)
                pieces.append(data)
            if size > most:
                return Failed("too_large")
            if data is None or waiting >= WRITTEN_AT_ONCE:
                await asyncio.to_thread(into.writelines, pieces)
                pieces, waiting = [], 0
            if data is None:
                return None
