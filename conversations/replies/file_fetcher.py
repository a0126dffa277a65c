"""Fetching of the files that a model's code (code interpreter) made: after the end of a reply, from
the gateway's container to the files of this site.

The database has a row for each file to fetch (see `conversations.files.container_files`), so that
another process fetches what a process that died has left.
"""

import asyncio
import contextlib
import logging
import tempfile
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.db import connections

from conversations.files import container_files, storage

logger = logging.getLogger(__name__)

SECONDS = 60  # that one file may take to arrive
PAUSE = 5  # seconds between two looks for files that another process left
# Errors after which a file is asked for once more, while the container may still be there.
PASSING = ("connect", "timeout_connect", "timeout_silence", "lost", "rate_limited", "server")
# What a person is told of the others; any other code is "not_served".
_CODES = {"too_large": "too_large_file", "unreadable": "unreadable"}


class FileFetcher:
    """Fetcher of this process for the files of containers. `lane` is the Lane for the database,
    `client` a function that returns the gateway's client (an upstream.Upstream)."""

    def __init__(self, lane, client):
        self._lane = lane
        self._client = client
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="replies-files")
        self._woken = asyncio.Event()

    def wake(self):
        """Start the next round of fetching at once, since a reply has ended that may name files.
        Call it on the event loop."""
        self._woken.set()

    async def round(self):
        """Wait until `wake` is called, at most PAUSE seconds; then fetch the files that are to be
        fetched now and that no other process has claimed."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PAUSE):
                await self._woken.wait()
        self._woken.clear()
        while wanted := await self._lane.run(container_files.claim):
            await asyncio.gather(*map(self._fetch, wanted))

    async def _fetch(self, wanted):
        """Fetch and store the file `wanted`, a container_files.Wanted. If that fails, release its
        claim for another attempt or, after a lasting error or the last attempt, store why the file
        is missing."""
        try:
            fault = await self._fault_of(wanted)
        except Exception:
            logger.exception("A file that code made could not be stored.")
            fault = "unreadable"
        if fault in PASSING and not wanted.is_last:
            await self._lane.run(container_files.give_back, wanted)
        elif fault:
            code = _CODES.get(fault, "unreachable" if fault in PASSING else "not_served")
            await self._lane.run(container_files.miss, wanted, code)

    async def _fault_of(self, wanted):
        """Fetch and store the file `wanted`, a container_files.Wanted; return "" or, if the
        download failed, the `code` of the upstream.Failed."""
        file = tempfile.TemporaryFile(dir=storage.upload_folder())
        with contextlib.ExitStack() as stack:
            stack.callback(file.close)
            failed = await self._client().download(
                wanted.container,
                wanted.file,
                file,
                most=settings.MAX_FILE,
                seconds=SECONDS,
                is_page=wanted.name.lower().endswith((".html", ".htm")),
            )
            if failed is not None:
                return failed.code
            # From here on it is the thread's, which goes on where this task is cancelled.
            stack.pop_all()
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, _keep, wanted, file)
        return ""

    def close(self):
        """End the thread once what it stores is done; returns at once."""
        self._thread.shutdown(wait=False)


def _keep(wanted, file):
    """Store the open binary `file` as the content of `wanted` (a container_files.Wanted), and close
    it. Runs in a thread, whose database connections are closed then."""
    try:
        with file:
            file.seek(0)
            container_files.keep(wanted, file)
    finally:
        connections.close_all()
