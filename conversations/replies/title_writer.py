"""Titles that a process has the model make, after the first reply of a conversation has ended."""

import asyncio

from django.conf import settings

from conversations.database.outage import is_outage
from conversations.models import Response
from conversations.replies import titles
from conversations.replies.live_reply import LiveReply
from conversations.replies.log_line import log_end
from conversations.replies.writer import stop_early


class TitleWriter:
    """Makes titles through a Writer. They are no replies, so they take no reply's room.

    `live` has those that are being made, as LiveReplies by the id of their Response.
    """

    def __init__(self, lease, lane, writer):
        self.live = {}
        self.leaving = False
        self._lease = lease
        self._lane = lane
        self._writer = writer

    async def write(self, reply_id):
        """Have the model make a title, if the reply was the first of its conversation."""
        try:
            taken = await self._lane.run(titles.order, reply_id, self._lease)
        except Exception as error:
            if not is_outage(error):
                raise
            return
        if taken is None:
            return
        response, body = taken
        title = self.live[response.pk] = LiveReply(response, body)
        title.task = asyncio.current_task()
        if self.leaving:
            title.ending = Response.Status.INTERRUPTED
        try:
            outcome = await self._writer.ask(title, settings.TITLE_SECONDS, attempts=1)
            fields = outcome.fields()
            await self._lane.insist(
                titles.finish, title.id, self._lease, fields, title.text, title.reasoning
            )
            log_end(title, outcome, fields)
        finally:
            del self.live[response.pk]

    def interrupt_all(self):
        """End all; those that are still being ordered end when they are."""
        self.leaving = True
        for title in self.live.values():
            stop_early(title, Response.Status.INTERRUPTED)
