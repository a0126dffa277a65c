"""Housekeeping of the process that writes replies: what is repeated every so many seconds.

Checkpoints (text so far, heartbeats, stop flags), the sweep for replies that nobody writes, looks
at replies of other processes, comments for silent event streams, and revoked access.
"""

import asyncio
import logging

from django.conf import settings

from conversations.database.outage import is_outage, passes, sentence
from conversations.models import Response
from conversations.replies import queued_message, recovery, response_states

logger = logging.getLogger(__name__)

CHECKPOINT = 0.4  # seconds
SWEEP = 1.0
FOLLOW = 0.35
PULSE = 1.0


class Housekeeping:
    """The periodic tasks of an Engine. They share its state, on its event loop."""

    def __init__(self, engine):
        self._engine = engine
        self._standstill = recovery.Standstill()
        # Ids of replies that are written here although another process declared them dead.
        self._buried = set()

    async def run(self):
        """Repeat all of them until it is cancelled."""
        engine = self._engine
        async with asyncio.TaskGroup() as group:
            group.create_task(_every(CHECKPOINT, self.checkpoint))
            group.create_task(_every(SWEEP, self.sweep))
            group.create_task(_every(FOLLOW, engine.follower.look))
            group.create_task(_every(PULSE, engine.streams.pulse))
            group.create_task(_every(settings.STREAM_ACCESS, self.check_access))

    async def checkpoint(self):
        """Store the text and the heartbeat of all replies written here, and obey what the rows say:
        that one is to stop, or is no longer ours."""
        engine = self._engine
        engine.renderer.adjust()
        alive = [*engine.live, *engine.titles.live]
        if not alive:
            return
        texts = [unsaved for live in engine.live.values() if (unsaved := live.take_unsaved())]
        try:
            stop, lost = await engine.writing_lane.run(
                response_states.checkpoint, engine.lease, texts, alive
            )
        except Exception:
            for unsaved in texts:
                if live := engine.live.get(unsaved[0]):
                    live.save_again()
            raise
        for response_id in stop:
            engine.end(response_id, Response.Status.CANCELLED)
        if lost := {pk for pk in lost if pk in engine.live and not engine.live[pk].ending}:
            await self._go_on_or_leave(lost)

    async def _go_on_or_leave(self, response_ids):
        """Of replies that another process has ended: go on with what was declared dead, leave the
        others alone."""
        engine = self._engine
        wanted = await engine.writing_lane.run(recovery.still_wanted, response_ids, engine.lease)
        for response_id in response_ids - self._buried & wanted:
            logger.warning("reply %s was declared dead; it goes on", response_id)
        self._buried = wanted
        for response_id in response_ids - wanted:
            logger.warning("reply %s was ended by another process", response_id)
            engine.end(response_id, "lost")

    async def sweep(self):
        """Claim what nobody has begun, and end what has died or has waited too long."""
        engine = self._engine
        dead, expired, unclaimed = await engine.writing_lane.run(
            recovery.left_behind, engine.mine(), self._standstill
        )
        room = engine.room
        for response_id in unclaimed[:room]:
            engine.offer(response_id)
        for response_id, heartbeat in dead:
            await self._try(recovery.bury, response_id, heartbeat)
        for response_id in expired:
            await self._try(recovery.expire, response_id)
        if room:
            for conversation_id in await engine.writing_lane.run(queued_message.overdue):
                following = await self._try(queued_message.send, conversation_id)
                if following is not None:
                    engine.offer(following.response.pk, following)

    async def check_access(self):
        """End the streams of those who may no longer watch."""
        await self._engine.streams.check_access(self._engine.reading_lane)

    async def _try(self, unit, row_id, *more):
        """The result of `unit(row_id, *more)`, other units coming in between; None where it failed,
        since a row that is broken must not keep the sweep from those after it."""
        try:
            return await self._engine.writing_lane.run(unit, row_id, *more)
        except Exception as error:
            if is_outage(error):
                raise
            logger.exception("%s of %s failed.", unit.__name__, row_id)


async def _every(seconds, action):
    """Repeat `action` for ever, `seconds` apart; an error is one line and the next time comes."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await action()
        except Exception as error:
            if passes(error):
                logger.warning("%s: %s skipped.", sentence(error), action.__name__)
            else:
                logger.exception("%s failed.", action.__name__)
