"""Writer of titles: has the model write the title of a conversation after its first reply."""

import asyncio
import uuid

from django.conf import settings

from conversations.database.outage import is_outage
from conversations.models import Response
from conversations.replies import titles
from conversations.replies.live_reply import LiveReply
from conversations.replies.log_line import log_end
from conversations.replies.writer import stop_early


class TitleWriter:
    """Writer of the titles of one process; they do not count against its room for replies.

    `lease` is the UUID of the process, `lane` the Lane that stores, `writer` the Writer that asks
    the gateway. `live` maps the id of a title's Response to its LiveReply while it is written.
    """

    def __init__(self, lease, lane, writer):
        self.live = {}
        self.leaving = False
        self._lease = lease
        self._lane = lane
        self._writer = writer

    async def write(self, reply_id):
        """Ask the model for a title after the reply of the Response `reply_id`, and store it.
        Returns without one if that is not the first reply of its conversation, if the person gave a
        title or a budget is used up, or if the database is unavailable."""
        try:
            taken = await self._lane.run(titles.order, reply_id, self._lease, uuid.uuid4())
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
        """Stop writing all titles, with the status INTERRUPTED, also those whose Response is still
        being stored."""
        self.leaving = True
        for title in self.live.values():
            stop_early(title, Response.Status.INTERRUPTED)
