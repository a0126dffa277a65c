"""Housekeeping of replies: the Engine's periodic tasks, each repeated after some seconds.

They store the text so far and the heartbeats of replies and read their stop flags (checkpoint),
look for replies that no process writes (sweep), tell other processes how much room this one has
(announce), read replies of other processes, keep silent event streams open, fetch files that a
model's code made, and end the event streams of people who lost access.
"""

import asyncio
import logging

from django.conf import settings

from conversations.database.outage import is_outage, passes, sentence
from conversations.models import Response
from conversations.readiness import readiness
from conversations.replies import capacity, queued_message, recovery, response_states

logger = logging.getLogger(__name__)

CHECKPOINT = 0.4  # seconds
SWEEP = 1.0
FOLLOW = 0.35
PULSE = 1.0
ANNOUNCE = 1.0


class Housekeeping:
    """Periodic tasks of the Engine `engine`. They use its state, on its event loop."""

    def __init__(self, engine):
        self._engine = engine
        self._standstill = recovery.Standstill()
        self._announcer = capacity.Announcer(engine.lease)
        # Ids of replies that are written here although another process declared them dead.
        self._buried = set()

    async def run(self):
        """Run all periodic tasks until this coroutine is cancelled."""
        engine = self._engine
        async with asyncio.TaskGroup() as group:
            group.create_task(_every(CHECKPOINT, self.checkpoint))
            group.create_task(_every(SWEEP, self.sweep))
            group.create_task(_every(FOLLOW, engine.follower.look))
            group.create_task(_every(PULSE, engine.streams.pulse))
            group.create_task(_every(ANNOUNCE, self.announce))
            group.create_task(_every(0, engine.files.round))
            group.create_task(_every(settings.STREAM_ACCESS, self.check_access))

    async def checkpoint(self):
        """Store the new text of the replies written here and the heartbeat of these and of titles;
        then end those that were asked to stop, and handle those that another process has ended."""
        engine = self._engine
        engine.renderer.adjust()
        alive = [*engine.live, *engine.titles.live]
        if not alive:
            return
        texts = [unsaved for live in engine.live.values() if (unsaved := live.unsaved())]
        try:
            stop, lost = await engine.writing_lane.run(
                response_states.checkpoint, engine.lease, texts, alive
            )
        except Exception:
            for unsaved in texts:
                if live := engine.live.get(unsaved.id):
                    live.save_again()
            raise
        for response_id in stop:
            engine.end(response_id, Response.Status.CANCELLED)
        if lost := {pk for pk in lost if pk in engine.live and not engine.live[pk].ending}:
            await self._go_on_or_leave(lost)

    async def _go_on_or_leave(self, response_ids):
        """Handle replies written here (`response_ids`, a set) that another process has ended. Those
        that it declared dead go on, and their real end will replace the stored one, unless they
        were retried since; the others are ended here too."""
        engine = self._engine
        wanted = await engine.writing_lane.run(recovery.still_wanted, response_ids, engine.lease)
        for response_id in response_ids - self._buried & wanted:
            logger.warning("reply %s was declared dead; it goes on", response_id)
        self._buried = wanted
        for response_id in response_ids - wanted:
            logger.warning("reply %s was ended by another process", response_id)
            engine.end(response_id, "lost")

    async def sweep(self):
        """Start queued replies that no process has begun, as far as there is room; end replies
        whose process died and those queued for too long; send queued messages that are overdue."""
        engine = self._engine
        dead, expired, unclaimed = await engine.writing_lane.run(
            recovery.left_behind, engine.mine(), self._standstill, set(engine.doubtful)
        )
        engine.doubt_less()
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

    async def announce(self):
        """Store how many more replies and event streams this process would take, for the others."""
        await self._announcer.look(self._engine.writing_lane, self._engine.figures())

    async def check_access(self):
        """End the event streams of people who logged out, were deactivated or changed their
        password."""
        await self._engine.streams.check_access(self._engine.reading_lane)

    async def _try(self, unit, row_id, *more):
        """Return `unit(row_id, *more)`, called in the writing lane. If it raises, that is logged
        and None returned: one broken row must not keep the sweep from the rows after it. Only
        errors of an unavailable database are raised."""
        try:
            return await self._engine.writing_lane.run(unit, row_id, *more)
        except Exception as error:
            if is_outage(error):
                raise
            logger.exception("%s of %s failed.", unit.__name__, row_id)


async def _every(seconds, action):
    """Await `action()` again and again, `seconds` after its last end; never returns. Exceptions are
    logged. `action` is not called while the installation is not complete (`readiness`)."""
    while True:
        await asyncio.sleep(seconds)
        if readiness.is_waiting:
            # Also where `seconds` is 0, since the action itself waits.
            await asyncio.sleep(PULSE)
            continue
        try:
            await action()
        except Exception as error:
            readiness.notice(error)
            if passes(error):
                logger.warning("%s: %s skipped.", sentence(error), action.__name__)
            else:
                logger.exception("%s failed.", action.__name__)
