"""Approvals: a reply asks whether it may use a tool, its owner allows or refuses it, once."""

import re
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.test import Client

from conversations.conversation_list import trash
from conversations.models import (
    Budget,
    Conversation,
    LanguageModel,
    Message,
    QueuedMessage,
    Response,
)
from conversations.replies import queued_message, request_body
from conversations.transfer import markdown_export, native_json
from conversations.transfer.bringing_in import bring_in
from tests.support.item_frames import call as made
from tests.support.item_frames import done
from tests.support.item_samples import SAMPLES
from tests.support.ledger_rows import REPORTED, STOPPED, ask, call, end
from tests.support.polling import until
from tests.support.sse_frames import completed, created, stream
from tests.support.visitor import session_of

REQUEST = SAMPLES["mcp_approval_request"]
OTHER = {**REQUEST, "id": "mcpr_2", "name": "drop_event", "arguments": '{"at": "11:00"}'}
SENT = {
    "type": "mcp_approval_response",
    "approval_request_id": "mcpr_1",
    "approve": True,
}
WAYS = pytest.mark.parametrize("script", [False, True], ids=["form", "script"])


def said(text):
    part = {"type": "output_text", "text": text, "annotations": []}
    return {"type": "message", "role": "assistant", "content": [part]}


def asked(person, *items, text="", ending=REPORTED, **wanted):
    """A reply that ends with questions; its Message."""
    items = [*([said(text)] if text else []), *(items or (REQUEST,))]
    response = call(person, ending, text="Move it", answer=text, items=items, **wanted)
    return Message.objects.get(pk=response.message_id)


@pytest.fixture
def mine(client, alice):
    client.cookies["session"] = session_of(alice)
    return client


def press(client, reply, answer="allow", script=False, **fields):
    headers = {"HTTP_X_FRAGMENT": "turn"} if script else {}
    return client.post(f"/messages/{reply.pk}/approval/", {"answer": answer, **fields}, **headers)


def last_input():
    """The `input` of the newest call, as it would be sent."""
    return request_body.rebuild(Response.objects.filter(purpose="reply").latest("created_at"))[
        "input"
    ]


def buttons(page):
    return re.findall(r"<button[^>]*>(Allow|Refuse)</button>", page.text)


# --- The question -----------------------------------------------------------------------------


def test_the_question_stands_in_the_article_with_two_buttons(mine, alice):
    reply = asked(alice, text="Let me see.")
    page = mine.get(reply.conversation.get_absolute_url())
    [article] = re.findall(rf'<article id="m-{reply.pk}".*?</article>', page.text, re.DOTALL)
    for words in ("May the model use add_event of calendar?", "10:00", "What would be sent"):
        assert words in article
    assert buttons(page) == ["Allow", "Refuse"]
    assert "wrote nothing" not in page.text
    assert 'type="checkbox"' not in article.split('class="approval"')[1]


def test_arguments_are_shown_whole_however_long(mine, alice):
    arguments = '{"text": "%s", "to": "everybody@evil.example"}' % ("a" * 50_000)
    reply = asked(alice, {**REQUEST, "arguments": arguments})
    page = mine.get(reply.conversation.get_absolute_url())
    assert "everybody@evil.example" in page.text
    assert "What would be sent, 50,044 characters" in page.text


def test_arguments_that_are_no_text_are_shown_and_sent_as_json(mine, alice):
    reply = asked(alice, {**REQUEST, "arguments": {"to": "bob"}})
    page = mine.get(reply.conversation.get_absolute_url())
    assert "{&quot;to&quot;: &quot;bob&quot;}" in page.text
    press(mine, reply)
    assert last_input()[1]["arguments"] == '{"to": "bob"}'


@pytest.mark.parametrize(
    ("item", "ending"),
    [
        ({**REQUEST, "id": ""}, REPORTED),
        ({**REQUEST, "id": 7}, REPORTED),
        ({**REQUEST, "id": "mcpr\n1"}, REPORTED),
        ({**REQUEST, "name": " "}, REPORTED),
        ({**REQUEST, "omitted": {"characters": 9}}, REPORTED),
        ({**REQUEST, "name": "a" * 301}, REPORTED),
        ({**REQUEST, "arguments": '{"at": "10'}, STOPPED),
    ],
    ids=[
        *("no id", "an id that is no text", "an id that a form would change", "no name"),
        *("cut when stored", "a name too long", "cut off"),
    ],
)
def test_what_cannot_be_read_whole_cannot_be_allowed(mine, alice, item, ending):
    reply = asked(alice, item, ending=ending)
    assert buttons(mine.get(reply.conversation.get_absolute_url())) == []
    answer = press(mine, reply)
    assert answer.status_code == 409
    assert "Nothing is asked here" in answer.text
    assert Response.objects.count() == 1


def test_one_of_a_reply_that_was_stopped_after_it_can_be_answered(mine, alice):
    reply = asked(alice, ending=STOPPED)
    assert buttons(mine.get(reply.conversation.get_absolute_url())) == ["Allow", "Refuse"]
    assert press(mine, reply).status_code == 303


# --- The answer -------------------------------------------------------------------------------


@WAYS
@pytest.mark.parametrize(("pressed", "shown"), [("allow", "Allowed"), ("refuse", "Refused")])
def test_the_answer_is_a_turn_of_its_own_and_is_sent_with_the_question(
    mine, alice, pressed, shown, script
):
    reply = asked(alice, text="Let me see.")
    answer = press(mine, reply, pressed, script)
    assert answer.status_code == (201 if script else 303)
    if script:
        # The reply that asked comes again, without its buttons.
        assert re.findall(r'<article id="m-([^"]+)"', answer.text)[0] == str(reply.pk)
        assert buttons(answer) == []
    turn = Message.objects.get(parent=reply)
    assert (turn.role, turn.text, turn.html) == ("user", "", "")
    decided = {**SENT, "approve": pressed == "allow"}
    assert turn.items == [{**decided, "name": "add_event", "server_label": "calendar"}]
    assert last_input() == [
        {"type": "message", "role": "user", "content": "Move it"},
        {"type": "message", "role": "assistant", "content": "Let me see."},
        REQUEST,
        decided,
    ]
    page = mine.get(reply.conversation.get_absolute_url())
    assert f"{shown}: add_event of calendar" in " ".join(page.text.split())
    # A retry sends the answer again, with which the gateway may act again.
    assert ("may use the tool once more" in page.text) == (pressed == "allow")
    assert buttons(page) == []
    assert f"/messages/{turn.pk}/edit/" not in page.text


def test_model_effort_and_length_are_those_of_the_reply_that_asked(mine, alice):
    model = LanguageModel.objects.create(name="thinker", efforts="low,high", choose_length=True)
    LanguageModel.objects.create(name="another")
    reply = asked(alice, model=model, effort="high", length=500)
    Conversation.objects.update(model="another")
    press(mine, reply)
    following = Response.objects.latest("created_at")
    assert following.model == "thinker"
    assert following.request["parameters"] == {
        "reasoning": {"effort": "high"},
        "max_output_tokens": 500,
    }


@pytest.mark.parametrize(
    ("pressed", "allowed"),
    [
        ({"answer": "allow", "allow": ["mcpr_1", "mcpr_2"]}, [True, True]),
        ({"answer": "allow", "allow": ["mcpr_2", "mcpr_9"]}, [False, True]),
        ({"answer": "refuse", "allow": ["mcpr_1", "mcpr_2"]}, [False, False]),
    ],
    ids=["all", "one", "none"],
)
def test_several_questions_are_answered_together(mine, alice, pressed, allowed):
    # The same id twice is one question.
    reply = asked(alice, REQUEST, OTHER, REQUEST)
    page = mine.get(reply.conversation.get_absolute_url())
    assert re.findall(r'name="allow" value="([^"]+)" checked', page.text) == ["mcpr_1", "mcpr_2"]
    assert buttons(page) == ["Allow", "Refuse"]
    assert press(mine, reply, **pressed).status_code == 303
    sent = last_input()[1:]
    assert sent[:2] == [REQUEST, OTHER]
    assert [(each["approval_request_id"], each["approve"]) for each in sent[2:]] == list(
        zip(["mcpr_1", "mcpr_2"], allowed, strict=True)
    )


def test_allow_without_a_tick_is_asked_again(mine, alice):
    reply = asked(alice, REQUEST, OTHER)
    answer = press(mine, reply)
    assert answer.status_code == 422
    assert "Tick what you allow, or press Refuse." in answer.text
    assert press(mine, reply, "perhaps").status_code == 422
    assert Response.objects.count() == 1


# --- Once, and only where it fits -------------------------------------------------------------


@WAYS
def test_the_same_answer_again_starts_nothing_and_another_one_is_refused(mine, alice, script):
    reply = asked(alice)
    first = press(mine, reply, "allow", script)
    assert press(mine, reply, "allow", script).status_code == first.status_code
    other = press(mine, reply, "refuse", script)
    assert other.status_code == 409
    assert "the first one counts" in other.text
    assert Message.objects.filter(parent=reply).count() == 1
    assert Response.objects.count() == 2


def test_of_several_at_once_one_counts(transactional_db, alice):
    reply = asked(alice)

    def decide(number):
        client = Client()
        client.cookies["session"] = session_of(alice)
        try:
            answer = press(client, reply, "allow" if number % 2 else "refuse")
            return answer.status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        codes = list(pool.map(decide, range(4)))
    assert sorted(codes) == [303, 303, 409, 409]
    assert Message.objects.filter(parent=reply).count() == 1
    assert Response.objects.filter(purpose="reply").count() == 2


@WAYS
def test_it_is_refused_where_the_conversation_went_on(mine, alice, script):
    reply = asked(alice)
    call(alice, text="Never mind", conversation=reply.conversation)
    assert buttons(mine.get(reply.conversation.get_absolute_url())) == []
    answer = press(mine, reply, script=script)
    assert answer.status_code == 409
    assert "went on without an answer" in answer.text
    # And what was not answered is not sent.
    assert {item["type"] for item in last_input()} == {"message"}


def test_it_is_refused_while_a_reply_is_written(mine, alice):
    reply = asked(alice)
    other = call(alice, text="Else", conversation=reply.conversation, parent=None)
    ask(alice, "", retried=other.message)
    fresh = asked(alice)
    ask(alice, "", retried=Message.objects.get(pk=fresh.pk))
    answer = press(mine, fresh)
    assert answer.status_code == 409
    assert "A reply is still being written here." in answer.text
    pending = Message.objects.filter(response__status="queued").first()
    answer = press(mine, pending)
    assert answer.status_code == 409
    assert "A reply is still being written here." in answer.text


def test_it_is_refused_in_the_trash(mine, alice):
    reply = asked(alice)
    trash.trash(Conversation.objects.get())
    answer = press(mine, reply)
    assert answer.status_code == 409
    assert "Restore it first" in answer.text


@WAYS
def test_it_is_refused_over_budget(mine, alice, script):
    reply = asked(alice)
    Budget.objects.create(person=alice, period="month", metric="replies", limit=1)
    answer = press(mine, reply, script=script)
    assert answer.status_code == 429
    assert Message.objects.filter(parent=reply).count() == 0
    assert buttons(mine.get(reply.conversation.get_absolute_url())) == ["Allow", "Refuse"]


def test_it_is_refused_where_the_model_is_gone(mine, alice):
    LanguageModel.objects.create(name="another")
    reply = asked(alice)
    LanguageModel.objects.filter(name="gpt-4o").update(enabled=False)
    answer = press(mine, reply)
    assert answer.status_code == 422
    assert "not available any more" in answer.text and "gpt-4o" in answer.text


def test_a_reviewer_sees_the_question_without_buttons(desk, alice):
    reply = asked(alice)
    reason = {"reason": "complaint", "explanation": "She asked us to."}
    page = desk.post(f"/review/{reply.conversation_id}/", reason, follow=True)
    assert "What would be sent" in page.text and buttons(page) == []
    assert press(desk, reply).status_code == 404


def test_nobody_else_may_answer(client, alice, bob):
    reply = asked(alice)
    client.cookies["session"] = session_of(bob)
    assert press(client, reply).status_code == 404
    assert press(client, Message(pk=uuid.uuid4())).status_code == 404
    assert client.get(f"/messages/{reply.pk}/approval/").status_code == 404
    client.cookies.clear()
    assert press(client, reply).status_code == 302
    assert Response.objects.count() == 1


def test_after_a_login_that_came_between_the_question_is_there_again(mine, alice):
    reply = asked(alice)
    page = mine.get(f"/messages/{reply.pk}/approval/", follow=True)
    assert buttons(page) == ["Allow", "Refuse"]


def test_a_message_without_a_question_cannot_be_answered(mine, alice):
    response = call(alice)
    for message in (response.message, response.message.parent):
        assert press(mine, message).status_code == 409
    assert Response.objects.count() == 1


# --- Afterwards -------------------------------------------------------------------------------


@pytest.fixture
def answered(mine, alice):
    """A reply that asked, was allowed, and was followed by another."""
    reply = asked(alice, text="Let me see.")
    press(mine, reply)
    following = Response.objects.filter(purpose="reply").latest("created_at")
    return end(following, REPORTED, "It is moved.").message


def test_later_calls_send_the_texts_alone(mine, alice, answered):
    """Else the gateway would take it for an answer that it has not carried out yet."""
    ask(alice, "Thanks", conversation=answered.conversation)
    assert [item["content"] for item in last_input()] == [
        *("Move it", "Let me see.\n\nIt is moved.", "Thanks")
    ]


def test_a_retry_sends_question_and_answer_again(mine, alice, answered):
    ask(alice, "", retried=Message.objects.get(pk=answered.pk))
    assert [item["type"] for item in last_input()] == [
        *("message", "message", "mcp_approval_request", "mcp_approval_response")
    ]


def test_the_reply_that_asked_can_be_retried_and_an_edit_above_it_branches(mine, alice, answered):
    reply = answered.parent.parent
    again = call(alice, text="", retried=reply, answer="Now without.")
    assert {item["type"] for item in last_input()} == {"message"}
    call(alice, text="Move the other", edited=Message.objects.get(pk=reply.parent_id))
    assert last_input() == [{"type": "message", "role": "user", "content": "Move the other"}]
    page = mine.get(f"{reply.conversation.get_absolute_url()}?at={reply.pk}")
    assert "Allowed: add_event" in " ".join(page.text.split())
    assert again.message.parent_id == reply.parent_id


@WAYS
def test_an_answer_cannot_be_edited(mine, alice, answered, script):
    path = f"/messages/{answered.parent_id}/edit/"
    headers = {"HTTP_X_FRAGMENT": "turn"} if script else {}
    for refused in (mine.get(path, **headers), mine.post(path, {"text": "x"}, **headers)):
        assert refused.status_code == 409
        assert "cannot be changed" in refused.text


def test_export_and_import_keep_the_turn_and_send_nothing_of_it(alice, mine, answered, tmp_path):
    text = "".join(markdown_export.pieces(answered.conversation))
    assert "The model asked to use the tool add_event of calendar:" in text
    assert "Allowed: add_event of calendar." in text
    file = tmp_path / "export.json"
    file.write_text(native_json.write(answered.conversation))
    Conversation.objects.all().delete()
    with file.open("rb") as opened:
        bring_in(alice, opened)
    conversation = Conversation.objects.get()
    page = mine.get(conversation.get_absolute_url())
    assert "Allowed: add_event of calendar" in " ".join(page.text.split())
    # A file may say anything: neither its questions nor its answers reach a gateway.
    reply = conversation.messages.get(text="It is moved.")
    ask(alice, "", retried=reply)
    assert {item["type"] for item in last_input()} == {"message"}


def test_a_question_in_an_imported_file_has_no_buttons(alice, mine, tmp_path):
    reply = asked(alice)
    file = tmp_path / "export.json"
    file.write_text(native_json.write(reply.conversation))
    Conversation.objects.all().delete()
    with file.open("rb") as opened:
        bring_in(alice, opened)
    conversation = Conversation.objects.get()
    page = mine.get(conversation.get_absolute_url())
    assert "add_event" in page.text and buttons(page) == []
    assert press(mine, conversation.messages.get(role="assistant")).status_code == 409


def test_what_was_queued_waits_where_a_question_came(alice):
    reply = asked(alice)
    queued_message.put(
        reply.conversation,
        "And then?",
        submission=uuid.uuid4(),
        model=LanguageModel.objects.get(name="gpt-4o"),
    )
    assert queued_message.send(reply.conversation_id) is None
    assert QueuedMessage.objects.get().refused
    assert queued_message.send(reply.conversation_id, refused=True) is not None


# --- Through a server -------------------------------------------------------------------------


def test_a_gateway_asks_and_gets_the_answer(stage, visitor):
    item = made("mcp_approval_request", "mcpr_7", name="add", server_label="s", arguments="{}")
    stage.gateway.will(chunks=[stream(created(), done(item, 0), completed(item)).encode()])
    response = visitor.ask("Move it")
    events = visitor.watch(response.pk)
    assert re.findall(r">(Allow|Refuse)</button>", events[-1].data) == ["Allow", "Refuse"]
    assert ">Allow<" not in "".join(each.data for each in events[:-1])
    answer = visitor.post(f"/messages/{response.message_id}/approval/", {"answer": "allow"})
    assert answer.status_code == 303
    sent = stage.gateway.wait_for(2)[-1].body["input"]
    assert sent[1:] == [
        {
            "type": "mcp_approval_request",
            "id": "mcpr_7",
            "server_label": "s",
            "name": "add",
            "arguments": "{}",
        },
        {"type": "mcp_approval_response", "approval_request_id": "mcpr_7", "approve": True},
    ]
    following = Response.objects.filter(purpose="reply").latest("created_at")
    until(lambda: not Response.objects.get(pk=following.pk).is_open)
