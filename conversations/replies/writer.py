"""The writer of replies: sends a request to the gateway, takes in the answer and stores it."""

import asyncio
import contextlib
import logging

from django.utils import timezone

from conversations import upstream
from conversations.files import prompt_parts
from conversations.models import Response
from conversations.replies import queued_message, recovery, response_states
from conversations.replies.gateway_client import build_client
from conversations.replies.log_line import log_end
from conversations.replies.outcome import Outcome
from conversations.tools import secrets

logger = logging.getLogger(__name__)

# Events of one read that are taken in between two turns of the event loop: some milliseconds.
EVENTS_A_TURN = 200


class Writer:
    """Writes the replies of one process: for each, a task awaits `ask`, then `end` (a title: only
    `ask`).

    `lease` is the UUID of the process, `lane` the Lane that stores, `renderer` the Renderer that
    makes the HTML, `priority` the RequestPriority that lets HTTP requests go first, `pictures` the
    PictureStore that stores pictures which come with replies.
    """

    def __init__(self, lease, lane, renderer, priority, pictures):
        self._lease = lease
        self._lane = lane
        self._renderer = renderer
        self._priority = priority
        self._pictures = pictures
        self._client = None

    async def ask(self, live, total_timeout, **limits):
        """Send the request of the LiveReply `live` and add the answer to it, until that ends, is
        stopped or fails. Returns the Outcome, in each of these cases.

        `total_timeout` is in seconds; `limits` are further keyword arguments of `Upstream.respond`,
        such as `attempts`.
        """
        outcome = Outcome(live)
        try:
            if live.body is None:
                outcome.fail("internal")
            elif live.ending:
                outcome.end(live.ending)
            else:
                live.asking = True
                await self._take_in(live, outcome, total_timeout, **limits)
        except asyncio.CancelledError:
            # `stop_early` cancels the task, at most once; else the process is about to exit.
            outcome.end(live.ending or Response.Status.INTERRUPTED)
        except Exception:
            logger.exception("Writing the reply %s failed.", live.id)
            outcome.fail("internal")
        # Nothing may cancel the writing of the end: the row would stay open until it is swept.
        live.ending = live.ending or "ended"
        return outcome

    async def _take_in(self, live, outcome, total_timeout, **limits):
        """Send the request of the LiveReply `live`; add the items and pictures of the gateway's
        answer to `live`, and its status, usage and errors to `outcome`, an Outcome. The other
        parameters are as in `ask`."""
        try:
            # The bytes of files come in last: in a thread, and held only while they are sent.
            body = live.body
            if prompt_parts.has_references(body):
                body = await asyncio.to_thread(prompt_parts.fill, body)
            if secrets.has_secrets(body):
                body, limits["secrets"] = secrets.fill(body)
        except prompt_parts.FileMissing:
            return outcome.fail("file_missing")
        except secrets.SecretMissing as error:
            logger.error("A tool needs %s, which is not set or is a setting of this site.", error)
            return outcome.fail("tool_secret_missing")
        batches = self.open_client().respond(body, total_timeout=total_timeout, **limits)
        async with contextlib.aclosing(batches):
            async for events in batches:
                for number, event in enumerate(events, 1):
                    if number % EVENTS_A_TURN == 0:
                        await asyncio.sleep(0)
                    if isinstance(event, upstream.Text):
                        if live.first_token_at is None:
                            live.first_token_at = timezone.now()
                        live.take(event)
                    elif isinstance(event, upstream.ItemEvent):
                        live.take(await self._renderer.cleaned(event))
                    elif isinstance(event, upstream.PictureReceived):
                        self._pictures.begin(live, event)
                    elif isinstance(event, upstream.Attempt):
                        outcome.attempts = event.number
                        if event.number > 1:
                            live.begin_again()
                            await self._lane.insist(
                                response_states.count_attempt, live.id, self._lease, event.number
                            )
                    else:
                        outcome.take(event)
                if live.is_stale and not outcome.known:
                    await self._renderer.show(live)
                    # What comes meanwhile waits in the connection and is then read, rendered and
                    # sent as one: one change of task for all of it instead of several a token.
                    await self._renderer.beat()
        if not outcome.known:
            outcome.end(Response.Status.INTERRUPTED)

    async def end(self, live, outcome, *, leaving):
        """Store the end of the LiveReply `live` by its Outcome, and submit the message queued
        behind it.

        Stores nothing if another process has ended the reply (`live.ending` is "lost"). `leaving`
        is True while the process is draining: then no queued message is submitted, and no HTTP
        request goes first. Returns the Submitted of the queued message, None if none was submitted.
        """
        if live.ending == "lost":
            return None
        await self._pictures.settle(live)
        stored = await self._renderer.complete(live)
        fields = outcome.fields()
        may_wait = fields["status"] == Response.Status.COMPLETED and not leaving
        async with self._priority.lull() if may_wait else contextlib.nullcontext():
            ending, following = await self._lane.insist(
                _finish, live.response, self._lease, fields, tuple(stored.values()), not leaving
            )
        if ending is not None:
            live.finished(ending, stored)
        if ending is not None:
            log_end(live, outcome, fields)
        else:
            logger.info("reply %s was ended by somebody else", live.id)
        return following

    def open_client(self):
        """Return the gateway's client, opened at the first call: not every process needs one."""
        if self._client is None:
            self._client = build_client()
        return self._client

    async def close(self):
        """Close the connections to the gateway; no `ask` may be running any more."""
        if self._client is not None:
            await self._client.close()


def stop_early(live, status):
    """Stop the reply or title `live`, which this process writes; `status` becomes its final one.

    Its text is kept. One that is ending already stays as it is. Call it on the event loop.
    """
    if not live.ending:
        live.ending = status
        # A task that was cancelled before its first step would not even end the row.
        if live.asking:
            live.task.cancel()


def _finish(response, lease, fields, stored, sends):
    """Store the end of `response`, and submit the message queued behind it if `sends` is True.

    Runs in a Lane. `fields` are the columns of the Response's end (dict), `stored` the message's
    text, HTML, reasoning, HTML of that, and items. Returns `(columns as written, Submitted)`: None
    for the columns if another process has ended the reply, None for the Submitted if no message was
    submitted.
    """
    ending = response_states.finish(response, lease, fields, *stored)
    if ending is None:
        ending = recovery.put_back(response, lease, fields, *stored)
    following = None
    if ending is not None and sends and fields["status"] in queued_message.SENT_AFTER:
        following = queued_message.send(response.conversation_id)
    return ending, following
