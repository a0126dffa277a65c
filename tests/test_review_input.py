"""The exact input that a reviewer is shown is what the gateway was sent, byte for byte."""

import json
import re
from html import unescape

import pytest

from conversations.models import LanguageModel, Message, Response
from conversations.replies import request_body
from tests.support.gateway import Script
from tests.support.polling import until

# Escapes of HTML and JSON, separators that only look like line ends, spaces that must stay.
HARD = '  <b>&amp;</b> \u2028 "quoted" \\n 🦓 \u200d\r\n\ttab  '


@pytest.fixture
def asked(make_server, visit, alice, gateway):
    """A conversation with a title, a retry, an edit and a trimmed turn; and its server."""
    LanguageModel.objects.create(name="small", context_window=300, max_output_tokens=20)
    server = make_server(AUTO_TITLES="true", INSTRUCTIONS="Be brief.")
    me = visit(server, alice)
    gateway.will(Script(text="First answer. " + HARD), Script(text="A title"))
    first = me.ask(f"One {HARD}", model="test-model")
    me.watch(first.pk)
    until(lambda: Response.objects.filter(purpose="title", status="completed").exists())
    path = f"/messages/{first.message_id}"
    change(me, gateway, f"{path}/retry/", {"model": "small"})
    question = f"/messages/{first.message.parent_id}"
    change(me, gateway, f"{question}/edit/", {"text": f"Two {HARD}", "model": "test-model"})
    # Unmeasured, the four bytes a token that the window then holds.
    gateway.default = Script(usage=None)
    Response.objects.update(input_tokens=None, cached_tokens=None)
    for text in ("x" * 400, "y" * 400, "The newest"):
        me.watch(me.ask(text, first.conversation_id, model="small").pk)
    return server, first.conversation


def change(me, gateway, path, fields):
    """Post what orders a reply, and wait for its end."""
    before = Response.objects.count()
    answer = me.post(path, fields)
    assert answer.status_code == 303, answer.text
    until(lambda: Response.objects.count() == before + 1)
    me.watch(Response.objects.latest("created_at").pk)


def test_what_is_shown_is_what_the_gateway_received(asked, visit, reviewer, gateway):
    server, conversation = asked
    desk = visit(server, reviewer)
    reason = {"reason": "quality", "explanation": "A check.", "remember": "on"}
    desk.post(f"/review/{conversation.pk}/", reason)
    calls = conversation.responses.order_by("created_at")
    sent = [request.raw for request in gateway.responses]
    assert len(calls) == len(sent) == 7
    assert [call.purpose for call in calls].count("title") == 1
    assert calls.last().request["left_out"] > 0
    for call, raw in zip(calls, sent, strict=True):
        page = desk.get(f"/review/{conversation.pk}/responses/{call.pk}/input/")
        [written] = re.findall(r"<pre[^>]*>(.*)</pre>", page.text, re.DOTALL)
        shown = json.loads(unescape(written))
        assert shown == json.loads(raw)
        as_sent = json.dumps(shown["input"], ensure_ascii=False, separators=(",", ":"))
        assert as_sent.encode() in raw


def test_nothing_is_made_up_where_a_message_of_it_is_gone(alice, conversation):
    call = conversation.responses.first()
    for gone in ("first_message", "last_message"):
        call.refresh_from_db()
        call.request[gone] = str(Message().pk)
        with pytest.raises(ValueError, match="not in list"):
            request_body.rebuild(call)
