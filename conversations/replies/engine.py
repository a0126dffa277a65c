"""Engine: the object of a server process that starts its replies and keeps track of them.

There is one per event loop. Its state is changed on that loop only, except for `reserve`; other
threads reach it with `call_soon_threadsafe`. Processes share nothing but the database.

Over 300 lines since all changes of that state stand together; what a reply does is in other
modules.
"""

import asyncio
import contextlib
import contextvars
import logging
import threading
import uuid
import weakref

from django.conf import settings

from chatsite.share import share_of
from conversations.database.outage import is_outage
from conversations.models import Response
from conversations.replies import capacity, request_body, response_states, titles
from conversations.replies.database_lane import Lane
from conversations.replies.file_fetcher import FileFetcher
from conversations.replies.follower import Follower
from conversations.replies.housekeeping import Housekeeping
from conversations.replies.live_reply import LiveReply
from conversations.replies.open_streams import Streams
from conversations.replies.picture_store import PictureStore
from conversations.replies.render_pace import Renderer
from conversations.replies.request_priority import RequestPriority
from conversations.replies.submission import Submitted
from conversations.replies.title_writer import TitleWriter
from conversations.replies.writer import Writer, stop_early

logger = logging.getLogger(__name__)

# Sweeps of a database that answers, in which a reply is looked for that may have been stored. One
# suffices, unless the database carries out later what it had taken before it hung.
SWEEPS_IN_DOUBT = 30
# Bytes of a request that are allowed however many others are in memory.
ORDINARY_INPUT = 500_000
WITHDRAW_SECONDS = 2  # for the database to answer, at the end of the process

_engines = weakref.WeakKeyDictionary()


class Engine:
    """Registry and scheduler of the replies that one process writes; create it on the event loop.

    `live` maps the id of a Response to its LiveReply, for each reply being written here. `lease` is
    a UUID that names the process: it stands on the row of each Response that the process writes.
    `Engine.serving` is the engine of the server process, None in other processes.
    """

    # The one that serves this process, for threads that have no loop.
    serving = None

    def __init__(self):
        self.loop = asyncio.get_running_loop()
        self.lease = uuid.uuid4()
        self.live = {}
        # True: the process is about to exit and takes no new replies.
        self.draining = False
        # The number of calls of `reserve` that no `use_place` has followed yet.
        self._reserved = 0
        self._reserving = threading.Lock()
        # Tasks that claim a queued Response, by its id, and the Submitted where it is at hand.
        self._claiming = {}
        self._submitted = {}
        # Ids of Responses that may have been stored as begun here although an error says no, each
        # with the number of sweeps that still look for it.
        self.doubtful = {}
        self._naming = set()
        self._tasks = set()
        self.writing_lane = Lane("replies-write")
        self.reading_lane = Lane("replies-read")
        self.renderer = Renderer(self._spawn)
        self.priority = RequestPriority()
        self.streams = Streams()
        self.follower = Follower(self.reading_lane, self.renderer)
        self._pictures = PictureStore(self._spawn)
        self._writer = Writer(
            self.lease, self.writing_lane, self.renderer, self.priority, self._pictures
        )
        self.files = FileFetcher(self.writing_lane, self._writer.open_client)
        self.titles = TitleWriter(self.lease, self.writing_lane, self._writer)
        self._housekeeping = self._spawn(Housekeeping(self).run())

    @classmethod
    def here(cls):
        """Return the Engine of the running event loop; the first call creates it."""
        loop = asyncio.get_running_loop()
        engine = _engines.get(loop)
        if engine is None:
            engine = _engines[loop] = cls()
        return engine

    # --- How many -----------------------------------------------------------------------

    @property
    def load(self):
        """The number of replies that this process writes, is about to claim or has reserved room
        for."""
        return len(self.live) + len(self._claiming) + self._reserved

    @property
    def room(self):
        """The number of further replies that this process may start now; 0 while it is draining."""
        return 0 if self.draining else max(settings.MAX_LIVE_REPLIES - self.load, 0)

    def figures(self):
        """Return four numbers of this process for `capacity.announce`: `load`, open event streams,
        and how many more replies and event streams it would take (0 while it is draining)."""
        room_for_streams = 0 if self.draining else self.streams.room
        return self.load, len(self.streams), self.room, room_for_streams

    def room_for_input(self, person_id):
        """Return how many bytes the request for a further reply to the person with this id may
        have, so that the requests of the replies written here stay within INPUT_MEMORY, and the
        person within their share of it. One of ORDINARY_INPUT bytes is always allowed. May be
        called from any thread."""
        sizes = [(live.response.person_id, live.input_size) for live in list(self.live.values())]
        mine = sum(size for person, size in sizes if person == person_id)
        room = settings.INPUT_MEMORY - sum(size for _person, size in sizes)
        return max(min(share_of(settings.INPUT_MEMORY) - mine, room), ORDINARY_INPUT)

    def reserve(self):
        """Reserve room for one reply; return the process's lease (UUID) to store its Response with.

        Returns None if there is no room. May be called from any thread. After a reservation
        `use_place` must be called once, also if storing fails.
        """
        with self._reserving:
            if not self.room:
                return None
            self._reserved += 1
            return self.lease

    def use_place(self, submitted):
        """Release a reservation made by `reserve` and start writing the reply that it was for. Call
        it on the engine's event loop.

        `submitted` is the Submitted that was stored with the lease; None if nothing was stored.
        """
        with self._reserving:
            self._reserved -= 1
        if submitted is not None:
            self._begin(submitted)

    # --- Which --------------------------------------------------------------------------

    def offer(self, response_id, submitted=None):
        """Start a task that claims the queued Response with this id and has its reply written, if
        there is room and this process has not begun that already; else do nothing.

        `submitted` is its Submitted where the caller has it; None loads it from the database. Call
        it on the engine's event loop.
        """
        if self.room and response_id not in self._claiming and response_id not in self.live:
            task = self._spawn(self._claim_and_begin(response_id, submitted))
            self._claiming[response_id] = task
            self._submitted[response_id] = submitted
            task.add_done_callback(lambda _task: self._claimed(response_id))

    def doubt(self, response_id):
        """Look for the Response with this id in the database at the next sweeps (periodic searches
        for replies that no process writes), and write its reply if it is found.

        Used if the database failed while the Response was stored with this process's lease: after a
        failed commit nobody knows whether it is there. Call it on the engine's event loop.
        """
        self.doubtful[response_id] = SWEEPS_IN_DOUBT

    def doubt_less(self):
        """Count one sweep for each Response in `doubtful`; drop those that SWEEPS_IN_DOUBT sweeps
        have not found."""
        self.doubtful = {pk: left - 1 for pk, left in self.doubtful.items() if left > 1}

    def known(self, response_id):
        """Return the Response with this id if this process is writing it, or is claiming it and has
        it in memory; else None. May be called from any thread."""
        live, submitted = self.live.get(response_id), self._submitted.get(response_id)
        return live.response if live else (submitted and submitted.response)

    def mine(self):
        """Return the ids (a set) of the Responses that this process is writing or claiming, those
        of titles included."""
        return {*self.live, *self._claiming, *self.titles.live}

    async def join(self, response_id):
        """Return the LiveReply of the open Response with this id, for somebody who watches it.

        A queued one is started in this process if there is room; one that another process writes is
        followed through the database. Returns None if the Response has ended or is gone.
        """
        if response_id not in self._claiming and response_id not in self.live:
            self.offer(response_id)
        if response_id in self._claiming:
            await asyncio.wait({self._claiming[response_id]})
        if response_id in self.live:
            return self.live[response_id]
        return await self.follower.follow(response_id)

    async def read(self, unit, *arguments):
        """Return `unit(*arguments)`, a function that only reads the database, called in the thread
        for such reads."""
        return await self.reading_lane.run(unit, *arguments)

    async def _claim_and_begin(self, response_id, submitted):
        """Claim the queued Response with this id for this process and, if that succeeds, start
        writing its reply. `submitted` is its Submitted; None loads it from the database. During an
        outage of the database the Response becomes doubtful (see `doubt`)."""
        try:
            submitted = await self.writing_lane.run(_claim, response_id, self.lease, submitted)
        except Exception as error:
            if not is_outage(error):
                raise
            logger.warning("A reply could not be claimed: the database does not answer.")
            self.doubt(response_id)
            return
        if submitted is not None:
            # Removed and added in one step, or `load` would count the reply twice for a moment.
            self._claimed(response_id)
            self._begin(submitted)

    def _claimed(self, response_id):
        """Remove the Response with this id from those that this process is claiming."""
        self._claiming.pop(response_id, None)
        self._submitted.pop(response_id, None)

    # --- From its beginning to its end ----------------------------------------------------

    def _begin(self, submitted):
        """Start a task that writes the reply of `submitted`, whose row has this process's lease."""
        response = submitted.response
        self.doubtful.pop(response.pk, None)
        live = LiveReply(response, submitted.body, submitted.offered, submitted.size)
        self.live[response.pk] = live
        if self.draining:
            live.ending = Response.Status.INTERRUPTED
        # Detached from any request: closing the tab ends nothing.
        live.task = self._spawn(self._write(live))

    async def _write(self, live):
        """Write the LiveReply `live` from the request to its stored end; then start the reply to
        the queued message, if one was submitted, and the task that has a title written."""
        outcome = await self._writer.ask(live, settings.UPSTREAM_TOTAL_TIMEOUT)
        try:
            following = await self._writer.end(live, outcome, leaving=self.draining)
        finally:
            live.ended = True
            self.live.pop(live.id, None)
            live.wake()
        if live.has_items:
            self.files.wake()
        if following is not None:
            self.offer(following.response.pk, following)
        if titles.may_follow(live.response) and not self.draining:
            task = self._spawn(self.titles.write(live.id))
            self._naming.add(task)
            task.add_done_callback(self._naming.discard)

    def end(self, response_id, status):
        """Stop the reply or title of a Response that this process writes; its text is kept.

        `status` becomes the final one; "lost" means that another process has ended it, so that
        nothing is stored. Does nothing if this process does not write it. Call it on the engine's
        event loop.
        """
        live = self.live.get(response_id) or self.titles.live.get(response_id)
        if live is not None:
            stop_early(live, status)

    async def interrupt_all(self):
        """End all replies and titles written here as interrupted; return when that is stored."""
        self.draining = True
        for live in self.live.values():
            stop_early(live, Response.Status.INTERRUPTED)
        self.titles.interrupt_all()
        waiting = [live.task for live in self.live.values() if live.task]
        waiting += [*self._claiming.values(), *self._naming]
        if waiting:
            await asyncio.wait(waiting)
            if self.live:
                await self.interrupt_all()

    async def close(self):
        """Interrupt all replies, then close threads and connections of database and gateway."""
        await self.interrupt_all()
        self._housekeeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._housekeeping
        # If that fails, another process deletes the row later (`capacity.forget_dead`).
        with contextlib.suppress(Exception):
            withdrawing = self.writing_lane.run(capacity.withdraw, self.lease)
            await asyncio.wait_for(withdrawing, WITHDRAW_SECONDS)
        self.writing_lane.close()
        self.reading_lane.close()
        self.renderer.close()
        self._pictures.close()
        self.files.close()
        await self._writer.close()
        _engines.pop(self.loop, None)

    def _spawn(self, coroutine):
        """Start `coroutine` as a task in an empty context and return the task: in a request's
        context it would inherit that request's thread and database connection, and keep both for
        its whole life (docs/architecture.md)."""
        task = self.loop.create_task(coroutine, context=contextvars.Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _claim(response_id, lease, submitted):
    """Claim the queued Response for the process with this `lease` (UUID); return its Submitted,
    None if another process took it or it was deleted. `submitted` is its Submitted where the caller
    has it; None loads it.

    Runs in a Lane. The `body` of the Submitted is None if it could not be built; the Response then
    ends as failed.
    """
    if not response_states.claim(response_id, lease):
        return None
    if submitted is None:
        submitted = Submitted(response=response_states.load(response_id))
    response, body = submitted.response, submitted.body
    if response is None or response.conversation is None:
        return None
    response.status = Response.Status.IN_PROGRESS
    if body is None:
        try:
            body = request_body.rebuild(response)
        except Exception as error:
            if is_outage(error):
                raise
            logger.exception("The input of %s could not be built.", response_id)
    size = submitted.size or (request_body.size_of(body) if body else 0)
    return Submitted(response=response, body=body, size=size, offered=submitted.offered)
