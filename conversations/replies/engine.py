"""The part of a process that writes replies: claims, runs, follows, checkpoints, sweeps.

One per event loop. All its state is touched on that loop only; whatever other threads want comes
by `call_soon_threadsafe`. The database is the only thing shared with other processes.
"""

import asyncio
import contextlib
import contextvars
import logging
import threading
import time
import uuid
import weakref
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.utils import timezone

from conversations import upstream
from conversations.conversation_list import trash
from conversations.database.outage import is_outage
from conversations.models import Response
from conversations.replies import colouring, queued_message, response_states, titles
from conversations.replies.follower import Followed
from conversations.replies.lane import Lane
from conversations.replies.live_reply import LiveReply
from conversations.replies.open_streams import Streams
from conversations.replies.outcome import Outcome
from conversations.replies.render_pace import Pace
from conversations.replies.request_priority import Rush
from conversations.replies.submission import rebuild_body
from conversations.review.heads import log_each_hour

logger = logging.getLogger(__name__)

CHECKPOINT = 0.4  # seconds
SWEEP = 1.0
FOLLOW = 0.35
PULSE = 1.0

_engines = weakref.WeakKeyDictionary()


class Engine:
    """Writes and follows the replies of one process."""

    # The one that serves this process, for threads that have no loop.
    serving = None

    def __init__(self):
        self.loop = asyncio.get_running_loop()
        self.lease = uuid.uuid4()
        self.live = {}
        # Replies that threads are about to store as begun here; counted with those that are.
        self._promised = 0
        self._door = threading.Lock()
        # Rows at hand that are being claimed.
        self.ordered = {}
        # Titles being made: not replies, so they take no reply's room.
        self.titles = {}
        self._naming = set()
        self.streams = Streams()
        # It takes no new replies.
        self.draining = False
        self.pace = Pace()
        self.rush = Rush()
        self._claiming = {}
        self._writing = Lane("replies-write")
        self._reading = Lane("replies-read")
        self._rendering = ThreadPoolExecutor(1, thread_name_prefix="replies-render")
        self.followed = Followed(self._reading, self._show)
        self._client = None
        self._tasks = set()
        self._keeper = self._spawn(self._keep())

    @classmethod
    def here(cls):
        """The engine of the running loop, made when it is first asked for."""
        loop = asyncio.get_running_loop()
        engine = _engines.get(loop)
        if engine is None:
            engine = _engines[loop] = cls()
        return engine

    # --- Who writes what ----------------------------------------------------------------

    @property
    def load(self):
        """How many replies this process writes or is about to."""
        return len(self.live) + len(self._claiming) + self._promised

    def promise(self):
        """Room for one reply, from any thread: the lease to store it under, None where there is no
        room. `keep_promise` must follow."""
        with self._door:
            if self.draining or self.load >= settings.MAX_LIVE_REPLIES:
                return None
            self._promised += 1
            return self.lease

    def keep_promise(self, response):
        """Begin the reply that was stored under the lease, if it was; on this loop."""
        with self._door:
            self._promised -= 1
        if response is not None:
            self._begin(response)

    def offer(self, response_id, response=None):
        """Claim the queued Response if there is room; on this loop.

        `response` is the row with its message, conversation and body where they are at hand.
        """
        if not self.draining and self.load < settings.MAX_LIVE_REPLIES:
            self._claim(response_id, response)

    async def join(self, response_id):
        """The LiveReply of an open Response, written or followed here; None if it is final."""
        claiming = self._claiming.get(response_id)
        if claiming is None and response_id not in self.live:
            self.offer(response_id)
            claiming = self._claiming.get(response_id)
        if claiming is not None:
            await asyncio.wait({claiming})
        if response_id in self.live:
            return self.live[response_id]
        return await self.followed.follow(response_id)

    def _claim(self, response_id, response):
        if response_id not in self._claiming and response_id not in self.live:
            task = self._spawn(self._claim_and_run(response_id, response))
            self._claiming[response_id] = task
            self.ordered[response_id] = response
            task.add_done_callback(lambda _task: self._claimed(response_id))

    def _claimed(self, response_id):
        self._claiming.pop(response_id, None)
        self.ordered.pop(response_id, None)

    async def _claim_and_run(self, response_id, response):
        try:
            response = await self._writing.run(_take, response_id, self.lease, response)
        except Exception as error:
            if not is_outage(error):
                raise
            logger.warning("A reply could not be claimed: the database does not answer.")
            return
        if response is None:
            return
        # From one to the other in one step, or it would count twice for a moment.
        self._claimed(response_id)
        self._begin(response)

    def _begin(self, response):
        """Write the reply, whose row is ours."""
        live = self.live[response.pk] = LiveReply(response)
        if self.draining:
            live.ending = Response.Status.INTERRUPTED
        # Detached from any request: closing the tab ends nothing. In an empty context, or it
        # would inherit the request's thread and connection (runtime.md, 1.2).
        live.task = self._spawn(self._write(live))

    async def _write(self, live):
        """Ask the gateway and end the Response, whatever happens."""
        outcome = await self._run(live, live.response.body, settings.UPSTREAM_TOTAL_TIMEOUT)
        try:
            await self._end(live, outcome)
        finally:
            live.ended = True
            self.live.pop(live.id, None)
            live.wake()
        if titles.may_follow(live.response) and not self.draining:
            task = self._spawn(self._name(live.id))
            self._naming.add(task)
            task.add_done_callback(self._naming.discard)

    async def _name(self, reply_id):
        """Have the model make a title, where this was the first reply of its conversation."""
        try:
            taken = await self._writing.run(titles.order, reply_id, self.lease)
        except Exception as error:
            if not is_outage(error):
                raise
            return
        if taken is None:
            return
        response, body = taken
        title = self.titles[response.pk] = LiveReply(response)
        title.task = asyncio.current_task()
        if self.draining:
            title.ending = Response.Status.INTERRUPTED
        try:
            outcome = await self._run(title, body, settings.TITLE_SECONDS, attempts=1)
            await self._writing.insist(
                titles.finish, title.id, self.lease, outcome.fields(), title.text, title.reasoning
            )
        finally:
            del self.titles[response.pk]

    async def _run(self, live, body, total_timeout, **limits):
        """Ask the gateway until it ends, is ended, or fails; the Outcome, whatever happens."""
        outcome = Outcome(live, body)
        try:
            if body is None:
                outcome.fail("internal")
            elif live.ending:
                outcome.end(live.ending)
            else:
                live.asking = True
                await self._ask(live, body, outcome, total_timeout, **limits)
        except asyncio.CancelledError:
            # By `end`, once; anything else that cancels is the end of the process.
            outcome.end(live.ending or Response.Status.INTERRUPTED)
        except Exception:
            logger.exception("Writing the reply %s failed.", live.id)
            outcome.fail("internal")
        # Nothing may cancel the writing of the end: the row would stay open until it is swept.
        live.ending = live.ending or "ended"
        return outcome

    async def _ask(self, live, body, outcome, total_timeout, **limits):
        batches = self.client.respond(body, total_timeout=total_timeout, **limits)
        async with contextlib.aclosing(batches):
            async for events in batches:
                for event in events:
                    if isinstance(event, upstream.Text):
                        if live.first_token_at is None:
                            live.first_token_at = timezone.now()
                        live.add_text(event.text)
                    elif isinstance(event, upstream.Reasoning):
                        live.add_reasoning(event.text)
                    elif isinstance(event, upstream.Replaced):
                        live.replace(event.text, event.reasoning)
                    elif isinstance(event, upstream.Attempt):
                        if event.number > 1:
                            await self._writing.insist(
                                response_states.count_attempt, live.id, self.lease, event.number
                            )
                    else:
                        outcome.take(event)
                if live.is_stale and not outcome.known:
                    await self._show(live)
                    # What comes meanwhile waits in the connection and is then read, rendered and
                    # sent as one: one change of task for all of it instead of several a token.
                    await self.pace.beat()
        if not outcome.known:
            outcome.end(Response.Status.INTERRUPTED)

    async def _end(self, live, outcome):
        """Write the final state. A reply that was taken away (its lease is lost) is left alone."""
        if live.ending == "lost":
            return
        if live.refreshing is not None:
            # It was stopped while a thread was rendering.
            await asyncio.wait({live.refreshing})
        if live.waits_for_long_parse():
            await self.loop.run_in_executor(self._rendering, live.complete)
        else:
            live.complete()
        await colouring.finish(live, self._spawn)
        fields = outcome.fields()
        html, reasoning_html = live.html, live.reasoning_html
        texts = (live.text, html, live.reasoning, reasoning_html)
        unhurried = fields["status"] == Response.Status.COMPLETED and not self.draining
        async with self.rush.lull() if unhurried else contextlib.nullcontext():
            ending, following = await self._writing.insist(
                _finish, live.response, self.lease, fields, texts, not self.draining
            )
        if ending is not None:
            live.finished(ending, html, reasoning_html)
        logger.info(
            "reply %s %s%s",
            live.id,
            fields["status"] if ending is not None else "was ended by somebody else",
            f" ({fields['error_code']})" if fields.get("error_code") else "",
        )
        if following is not None:
            self.offer(following.pk, following)

    def end(self, response_id, status):
        """End a reply or title that is written here with `status`; its text is kept. On this
        loop."""
        live = self.live.get(response_id) or self.titles.get(response_id)
        if live is not None and not live.ending:
            live.ending = status
            # A task that was cancelled before its first step would not even end the row.
            if live.asking:
                live.task.cancel()

    # --- Watching -----------------------------------------------------------------------

    async def read(self, unit, *arguments):
        """Run a unit of work that only reads."""
        return await self._reading.run(unit, *arguments)

    # --- Rendering at a pace --------------------------------------------------------------

    async def _show(self, live):
        """Render what came and wake the watchers; in a thread where that takes long."""
        if live.waits_for_long_parse():
            live.refreshing = self.loop.run_in_executor(self._rendering, live.refresh)
            await asyncio.shield(live.refreshing)
            live.refreshing = None
        else:
            began = time.perf_counter()
            live.refresh()
            self.pace.spent(time.perf_counter() - began)
        live.refreshed()
        colouring.begin(live, self._spawn)

    # --- Every now and then -----------------------------------------------------------------

    async def _keep(self):
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_every(CHECKPOINT, self._checkpoint))
                group.create_task(_every(SWEEP, self._sweep))
                group.create_task(_every(FOLLOW, self.followed.look))
                group.create_task(_every(PULSE, self.streams.pulse))
                group.create_task(_every(settings.STREAM_ACCESS, self._check_access))
                group.create_task(_every(settings.TRASH_SWEEP, self._purge))
                group.create_task(_every(settings.HEAD_LOOK, self._log_head))
        finally:
            self._writing.close()
            self._reading.close()
            self._rendering.shutdown(wait=False)

    async def _checkpoint(self):
        self.pace.adjust()
        alive = [*self.live, *self.titles]
        if not alive:
            return
        texts = [unsaved for live in self.live.values() if (unsaved := live.take_unsaved())]
        try:
            stop, lost = await self._writing.run(
                response_states.checkpoint, self.lease, texts, alive
            )
        except Exception:
            for unsaved in texts:
                if live := self.live.get(unsaved[0]):
                    live.save_again()
            raise
        for response_id in stop:
            self.end(response_id, Response.Status.CANCELLED)
        for response_id in lost:
            if response_id in self.live and not self.live[response_id].ending:
                logger.warning("reply %s was ended by another process", response_id)
                self.end(response_id, "lost")

    async def _sweep(self):
        mine = {*self.live, *self._claiming, *self.titles}
        dead, expired, unclaimed = await self._writing.run(response_states.left_behind, mine)
        room = 0 if self.draining else max(settings.MAX_LIVE_REPLIES - self.load, 0)
        for response_id in unclaimed[:room]:
            self.offer(response_id)
        for response_id in dead:
            await self._try(response_states.bury, response_id)
        for response_id in expired:
            await self._try(response_states.expire, response_id)
        if room:
            for conversation_id in await self._writing.run(queued_message.overdue):
                following = await self._try(queued_message.send, conversation_id)
                if following is not None:
                    self.offer(following.pk, following)

    async def _try(self, unit, row_id):
        """The result of `unit(row_id)`, other units coming in between; None where it failed, since
        a row that is broken must not keep the sweep from those after it."""
        try:
            return await self._writing.run(unit, row_id)
        except Exception as error:
            if is_outage(error):
                raise
            logger.exception("%s of %s failed.", unit.__name__, row_id)

    async def _check_access(self):
        await self.streams.check_access(self._reading)

    async def _purge(self):
        """Delete for good what was long enough in the trash; one by one, so that replies do not
        wait for it."""
        while not self.draining and await self._writing.run(trash.purge, None, 1):
            await asyncio.sleep(0.1)

    async def _log_head(self):
        """Write the head of the access log to the server's log, where it is this hour's turn."""
        await self._writing.run(log_each_hour)

    # --- Beginning and end --------------------------------------------------------------------

    @property
    def client(self):
        """The gateway's client, one for the process; opened when it is first needed."""
        if self._client is None:
            self._client = build_client()
        return self._client

    async def interrupt_all(self):
        """End all replies written here as interrupted; their rows are final afterwards."""
        self.draining = True
        for response_id in list(self.live):
            self.end(response_id, Response.Status.INTERRUPTED)
        waiting = [live.task for live in self.live.values() if live.task]
        waiting += self._claiming.values()
        for response_id in list(self.titles):
            self.end(response_id, Response.Status.INTERRUPTED)
        waiting += self._naming
        if waiting:
            await asyncio.wait(waiting)
            if self.live:
                await self.interrupt_all()

    async def close(self):
        """Interrupt what is live, and let go of connections and threads."""
        await self.interrupt_all()
        self._keeper.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._keeper
        if self._client is not None:
            await self._client.close()
        _engines.pop(self.loop, None)

    def _spawn(self, coroutine):
        task = self.loop.create_task(coroutine, context=contextvars.Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def build_client():
    """The client of the configured gateway, or of the built-in demo model."""
    transport = None
    base_url = settings.OPENAI_BASE_URL
    if settings.DEMO:
        base_url = "http://demo.invalid/v1"
        transport = upstream.DemoTransport()
    return upstream.build_client(
        base_url,
        settings.OPENAI_API_KEY,
        headers=settings.UPSTREAM_HEADERS,
        connect_timeout=settings.UPSTREAM_CONNECT_TIMEOUT,
        read_timeout=settings.UPSTREAM_READ_TIMEOUT,
        longest_line=settings.UPSTREAM_LONGEST_LINE,
        longest_reply=settings.UPSTREAM_LONGEST_REPLY,
        transport=transport,
    )


async def _every(seconds, action):
    """Repeat `action` for ever, `seconds` apart; an error is one line and the next time comes."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await action()
        except Exception as error:
            if is_outage(error):
                logger.warning("The database does not answer: %s skipped.", action.__name__)
            else:
                logger.exception("%s failed.", action.__name__)


def _finish(response, lease, fields, texts, sends):
    """End the Response and, where `sends`, order the reply to what is queued behind it.

    The columns as they were written, None where it was no longer ours; and the ordered Response.
    """
    ending = response_states.finish(response, lease, fields, *texts)
    following = None
    if ending is not None and sends and fields["status"] in queued_message.SENT_AFTER:
        following = queued_message.send(response.conversation_id)
    return ending, following


def _take(response_id, lease, response):
    """Claim a Response and give it its body; None if somebody else took it.

    The body stays None where it could not be built; the Response then ends as failed.
    """
    if not response_states.claim(response_id, lease):
        return None
    if response is None:
        response = response_states.load(response_id)
    if response is None or response.conversation is None:
        return None
    response.status = Response.Status.IN_PROGRESS
    if response.body is None:
        try:
            response.body = rebuild_body(response)
        except Exception as error:
            if is_outage(error):
                raise
            logger.exception("The input of %s could not be built.", response_id)
    return response
