"""Storage of the pictures that come with replies: each becomes a file of the reply's message as
soon as it has arrived, while the reply goes on."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

from django.db import connections

from conversations.files import reply_pictures
from conversations.files.refused import FileRefused

logger = logging.getLogger(__name__)

# Pictures that one process reads and stores at a time: each has a child process and its bytes.
AT_A_TIME = 2
MOST_PICTURES = 20  # of one reply
# Seconds that the end of a reply waits for its pictures. What is stored later is a file of its
# message too, but no item names it.
PATIENCE = 60


class PictureStore:
    """Store for the pictures of the replies that one process writes. `spawn` is a function that
    starts a coroutine as an asyncio task and returns the task."""

    def __init__(self, spawn):
        self._spawn = spawn
        self._threads = ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="replies-pictures")

    def begin(self, live, event):
        """Start a task that stores the picture of `event`, an upstream.PictureReceived, for the
        LiveReply `live`, and closes its temporary file; returns at once. A picture beyond
        MOST_PICTURES is only noted as lost; one of a title, or without a tool call, is ignored."""
        if live.response.message_id is None or (call := live.call_of(event)) is None:
            return
        number = live.count_picture()
        if number > MOST_PICTURES:
            live.keep_file(call, event.output, {"lost": "too_many"})
            return
        fault, file = event.picture.fault, event.picture.take()
        task = self._spawn(self._store(live, call, event.output, number, file, fault))
        live.storing.add(task)
        task.add_done_callback(live.storing.discard)

    async def settle(self, live):
        """Return once all pictures of the LiveReply `live` are stored, or known to be lost; after
        PATIENCE seconds in any case."""
        if live.storing:
            await asyncio.wait(live.storing, timeout=PATIENCE)

    async def _store(self, live, call, output, number, file, fault):
        """Store the picture in the open file `file`, the `number`-th of the LiveReply `live`, and
        note its file, or why it is lost, at `output` of the LiveCall `call` (see `LiveCall.keep`).
        `file` is None if the picture did not come whole; `fault` is then the code that says why."""
        running = asyncio.get_running_loop().run_in_executor(
            self._threads, _keep, live.response, number, file, fault
        )
        live.keep_file(call, output, await running)
        live.refreshed()

    def close(self):
        """End the threads once what they store is done; returns at once."""
        self._threads.shutdown(wait=False)


def _keep(response, number, file, fault):
    """Store the picture in the open `file`, the `number`-th of the reply of `response` (a
    Response), and close it. Return the members to add to the JSON of its item: those of
    `reply_pictures.members_of` or, if it is lost, `{"lost": code}`. `file` is None if the picture
    did not come whole; `fault` is then the code. Never raises. Runs in a thread."""
    try:
        if file is None:
            raise FileRefused(fault or "broken")
        with file:
            attachment = reply_pictures.take_picture(response.message_id, file, number)
    except FileRefused as refused:
        return {"lost": refused.code}
    except Exception:
        logger.exception("A picture of the reply %s could not be stored.", response.pk)
        return {"lost": "unreadable"}
    finally:
        connections.close_all()
    return reply_pictures.members_of(attachment)
