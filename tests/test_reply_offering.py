"""Handing a reply to the process that shall write it, while its page is still being drawn."""

import asyncio

import uvloop

from conversations import replies
from conversations.models import Response
from conversations.replies.engine import Engine
from tests.support.ledger_rows import submit


def test_what_the_page_draws_does_not_change_under_it(transactional_db, alice, gateway, settings):
    """Half changed it showed an ended reply without its text, and nobody went on to watch it."""
    settings.OPENAI_BASE_URL, settings.DEMO = gateway.url, False
    submitted = submit(alice)
    response = submitted.response

    async def main():
        Engine.serving = Engine.here()
        try:
            replies.offer(submitted)
            while await Engine.serving.read(is_open, response.pk):
                await asyncio.sleep(0.02)
        finally:
            await Engine.serving.close()
            Engine.serving = None

    uvloop.run(main())
    assert Response.objects.get(pk=response.pk).status == "completed"
    assert response.status == "queued"
    assert response.message.text == response.message.html == ""


def is_open(response_id):
    return Response.objects.get(pk=response_id).is_open
