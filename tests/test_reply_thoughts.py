"""The thoughts of a reply are drawn like its text: the same streamed, finished, interrupted."""

import re
from datetime import timedelta

from django.utils import timezone

from conversations.models import Message, Response
from conversations.rendering import THOUGHTS, render
from conversations.replies import recovery
from tests.support import ledger_rows as books
from tests.support.shared_servers import wish

PIECES = ["**First**, the ", "question:\n\n- one\n- tw", "o\n\n<script>x</script>\n\n`a` &", " b"]
WHOLE = "".join(PIECES)


def thoughts_in(html):
    return re.search(r"data-thoughts[^>]*>(.*?)</div>\n</details>", html, re.DOTALL)[1]


def test_thoughts_are_drawn_the_same_streamed_finished_and_on_the_page(visitor):
    response = visitor.ask(wish(reasoning=WHOLE, text="Answer", first=0.5))
    events = visitor.watch(response.pk)
    page = visitor.get(f"/conversations/{response.conversation_id}/").text
    expected = render(WHOLE, THOUGHTS)
    assert "<strong>First</strong>" in expected and "<li>one</li>" in expected
    assert "<script" not in expected
    assert thoughts_in(events[-1].data) == expected
    assert thoughts_in(page) == expected
    # What came before the end, block by block, ends as the same.
    blocks = {}
    for event in events[:-1]:
        for name, html in re.findall(
            r'(?s)<div class="block"(?: data-item="\d+")? data-block="(reasoning-\d+)">(.*?)</div>'
            r"(?=<div|$|\n)",
            event.data,
        ):
            blocks[name] = html
    assert all(f'data-block="{name}">' in expected for name in blocks)
    assert Message.objects.get(role="assistant").reasoning == WHOLE


def test_those_of_a_process_that_died_are_drawn_too(alice):
    response = books.ask(alice)
    Response.objects.filter(pk=response.pk).update(
        status="in_progress",
        heartbeat_at=timezone.now() - timedelta(hours=1),
        partial="So far",
        partial_reasoning=WHOLE,
    )
    assert recovery.bury(response.pk)
    message = Message.objects.get(role="assistant")
    assert message.shown_reasoning == message.reasoning_html == render(WHOLE, THOUGHTS)


def test_those_kept_without_html_are_drawn_when_they_are_shown(client, alice):
    response = books.call(alice)
    Message.objects.filter(response=response).update(reasoning="Hm, **no**.", reasoning_html="")
    client.force_login(alice)
    page = client.get(response.conversation.get_absolute_url()).content.decode()
    assert "Hm, <strong>no</strong>." in thoughts_in(page)
