"""The engine: the part of a process that has replies written, and knows which it writes.

One per event loop. All its state is touched on that loop only; what other threads want comes by
`call_soon_threadsafe`. The database is the only thing shared with other processes.
"""

import asyncio
import contextlib
import contextvars
import logging
import threading
import uuid
import weakref

from django.conf import settings

from conversations.database.outage import is_outage
from conversations.models import Response
from conversations.replies import request_body, response_states, titles
from conversations.replies.database_lane import Lane
from conversations.replies.follower import Follower
from conversations.replies.housekeeping import Housekeeping
from conversations.replies.live_reply import LiveReply
from conversations.replies.open_streams import Streams
from conversations.replies.render_pace import Renderer
from conversations.replies.request_priority import RequestPriority
from conversations.replies.submission import Submitted
from conversations.replies.title_writer import TitleWriter
from conversations.replies.writer import Writer, stop_early

logger = logging.getLogger(__name__)

_engines = weakref.WeakKeyDictionary()


class Engine:
    """The replies of one process: `live` are those written here, as LiveReplies by Response id."""

    # The one that serves this process, for threads that have no loop.
    serving = None

    def __init__(self):
        self.loop = asyncio.get_running_loop()
        self.lease = uuid.uuid4()
        self.live = {}
        # It takes no new replies.
        self.draining = False
        # Places for replies that threads are about to store as begun here; counted with those
        # that are.
        self._reserved = 0
        self._reserving = threading.Lock()
        # Tasks that claim a queued Response, by its id, and the Submitted where it is at hand.
        self._claiming = {}
        self._submitted = {}
        self._naming = set()
        self._tasks = set()
        self.writing_lane = Lane("replies-write")
        self.reading_lane = Lane("replies-read")
        self.renderer = Renderer(self._spawn)
        self.priority = RequestPriority()
        self.streams = Streams()
        self.follower = Follower(self.reading_lane, self.renderer)
        self._writer = Writer(self.lease, self.writing_lane, self.renderer, self.priority)
        self.titles = TitleWriter(self.lease, self.writing_lane, self._writer)
        self._housekeeping = self._spawn(Housekeeping(self).run())

    @classmethod
    def here(cls):
        """The engine of the running loop, made when it is first asked for."""
        loop = asyncio.get_running_loop()
        engine = _engines.get(loop)
        if engine is None:
            engine = _engines[loop] = cls()
        return engine

    # --- How many -----------------------------------------------------------------------

    @property
    def load(self):
        """How many replies this process writes or is about to."""
        return len(self.live) + len(self._claiming) + self._reserved

    @property
    def room(self):
        """How many more replies this process takes now."""
        return 0 if self.draining else max(settings.MAX_LIVE_REPLIES - self.load, 0)

    def reserve(self):
        """Reserve a place for one reply, from any thread: the lease to store its Response under,
        None where there is no room. `use_place` must follow."""
        with self._reserving:
            if not self.room:
                return None
            self._reserved += 1
            return self.lease

    def use_place(self, submitted):
        """Write the reply that was Submitted under the lease, None if none was; on this loop."""
        with self._reserving:
            self._reserved -= 1
        if submitted is not None:
            self._begin(submitted)

    # --- Which --------------------------------------------------------------------------

    def offer(self, response_id, submitted=None):
        """Claim the queued Response if there is room; on this loop. `submitted` is it, with all
        that belongs to it, where that is at hand."""
        if self.room and response_id not in self._claiming and response_id not in self.live:
            task = self._spawn(self._claim_and_begin(response_id, submitted))
            self._claiming[response_id] = task
            self._submitted[response_id] = submitted
            task.add_done_callback(lambda _task: self._claimed(response_id))

    def known(self, response_id):
        """The Response, if it is written or being claimed here and at hand; from any thread."""
        live, submitted = self.live.get(response_id), self._submitted.get(response_id)
        return live.response if live else (submitted and submitted.response)

    def mine(self):
        """Ids of the Responses that this process writes, or is about to."""
        return {*self.live, *self._claiming, *self.titles.live}

    async def join(self, response_id):
        """The LiveReply of an open Response, written or followed here; None if it is final."""
        if response_id not in self._claiming and response_id not in self.live:
            self.offer(response_id)
        if response_id in self._claiming:
            await asyncio.wait({self._claiming[response_id]})
        if response_id in self.live:
            return self.live[response_id]
        return await self.follower.follow(response_id)

    async def read(self, unit, *arguments):
        """The result of a unit of work that only reads."""
        return await self.reading_lane.run(unit, *arguments)

    async def _claim_and_begin(self, response_id, submitted):
        try:
            submitted = await self.writing_lane.run(_claim, response_id, self.lease, submitted)
        except Exception as error:
            if not is_outage(error):
                raise
            logger.warning("A reply could not be claimed: the database does not answer.")
            return
        if submitted is not None:
            # From one to the other in one step, or it would count twice for a moment.
            self._claimed(response_id)
            self._begin(submitted)

    def _claimed(self, response_id):
        self._claiming.pop(response_id, None)
        self._submitted.pop(response_id, None)

    # --- From its beginning to its end ----------------------------------------------------

    def _begin(self, submitted):
        """Write the reply, whose row is ours."""
        response = submitted.response
        live = LiveReply(response, submitted.body, submitted.offered)
        self.live[response.pk] = live
        if self.draining:
            live.ending = Response.Status.INTERRUPTED
        # Detached from any request: closing the tab ends nothing.
        live.task = self._spawn(self._write(live))

    async def _write(self, live):
        outcome = await self._writer.ask(live, settings.UPSTREAM_TOTAL_TIMEOUT)
        try:
            following = await self._writer.end(live, outcome, leaving=self.draining)
        finally:
            live.ended = True
            self.live.pop(live.id, None)
            live.wake()
        if following is not None:
            self.offer(following.response.pk, following)
        if titles.may_follow(live.response) and not self.draining:
            task = self._spawn(self.titles.write(live.id))
            self._naming.add(task)
            task.add_done_callback(self._naming.discard)

    def end(self, response_id, status):
        """End a reply or title that is written here with `status`; its text is kept. On this
        loop."""
        live = self.live.get(response_id) or self.titles.live.get(response_id)
        if live is not None:
            stop_early(live, status)

    async def interrupt_all(self):
        """End all replies written here as interrupted; their rows are final afterwards."""
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
        """Interrupt what is live, and let go of connections and threads."""
        await self.interrupt_all()
        self._housekeeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._housekeeping
        self.writing_lane.close()
        self.reading_lane.close()
        self.renderer.close()
        await self._writer.close()
        _engines.pop(self.loop, None)

    def _spawn(self, coroutine):
        """A task in an empty context: in a request's it would inherit that request's thread and
        database connection, and keep both for its whole life (docs/architecture.md)."""
        task = self.loop.create_task(coroutine, context=contextvars.Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _claim(response_id, lease, submitted):
    """Claim a Response for the `lease`: the Submitted, None if somebody else took it.

    A unit of work. The body stays None where it could not be built; the Response then ends as
    failed.
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
    return Submitted(response=response, body=body, offered=submitted.offered)
