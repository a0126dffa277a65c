"""Titles made by the model after the first exchange."""

import time
from datetime import timedelta

import pytest

from conversations.models import Budget, Conversation, LanguageModel, Response
from conversations.replies import request_body, titles
from conversations.search import search
from tests.support.gateway import Script


@pytest.fixture
def me(stage, alice):
    return stage.visit(stage.titling, alice)


def made(count=1):
    """The finished Responses of titles, once there are `count`."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        calls = list(Response.objects.filter(purpose="title").exclude(status="in_progress"))
        if len(calls) >= count:
            return calls
        time.sleep(0.05)
    raise AssertionError("no title was made")


def asked_for_no_title(gateway, requests):
    """Whether nothing but `requests` calls were made, a moment after the last."""
    time.sleep(0.5)
    return len(gateway.responses) == requests and not Response.objects.filter(purpose="title")


def test_the_first_exchange_gets_a_title_and_a_line_in_the_books(me, gateway, alice):
    gateway.will(Script(text="By the moon."), Script(text="“How tides work.”\n\nMore words"))
    reply = me.ask("How do tides work?\nTell me all.")
    me.watch(reply.pk)
    [title] = made()
    conversation = Conversation.objects.get()
    assert (conversation.title, conversation.title_source) == ("How tides work", "model")
    assert (title.status, title.usage_source, title.total_tokens) == ("completed", "reported", 18)
    assert (title.person_id, title.message_id, title.attempts) == (alice.pk, None, 1)
    assert title.conversation == conversation
    body = gateway.responses[1].body
    assert body["model"] == "test-model"
    assert "How do tides work?\nTell me all." in body["input"][0]["content"]
    assert "By the moon." in body["input"][0]["content"]
    assert body["max_output_tokens"] == 60
    assert request_body.rebuild(title) == body
    # Newest first, and a title is as old as its conversation.
    question = conversation.messages.get(role="user")
    found = search('"tides work"', [alice.pk])
    assert [hit.message_id for hit in found] == [question.pk, None]


def test_only_the_first_exchange_and_only_its_beginning_is_sent(me, gateway, settings):
    LanguageModel.objects.filter(name="test-model").update(choose_length=True)
    gateway.will(Script(text="y" * 5_000), Script(text="A title"), Script(text="Second"))
    reply = me.ask("x" * 5_000)
    me.watch(reply.pk)
    made()
    body = gateway.responses[1].body
    sent = body["input"][0]["content"]
    assert "x" * 2_000 in sent and "x" * 2_001 not in sent
    assert "y" * 2_000 in sent and "y" * 2_001 not in sent
    assert body["max_output_tokens"] == 60
    me.watch(me.ask("And then?", reply.conversation_id).pk)
    time.sleep(0.5)
    assert len(gateway.responses) == 3


def test_a_title_of_the_persons_own_is_never_overwritten(me, gateway):
    gateway.will(Script(text="Hello."), Script(text="The model's title", first=0.8))
    reply = me.ask("Hello?")
    me.watch(reply.pk)
    me.post(f"/conversations/{reply.conversation_id}/rename/", {"title": "Mine"})
    [title] = made()
    assert title.status == "completed"
    assert Conversation.objects.get().title == "Mine"


@pytest.mark.parametrize("how", ["failed", "stopped"])
def test_no_title_is_made_of_what_failed_or_was_stopped(me, gateway, how):
    if how == "failed":
        gateway.will(status=400, body={"error": {"message": "no"}})
        me.watch(me.ask("Hello?").pk)
    else:
        gateway.will(pieces=500, pace=0.05)
        reply = me.ask("Hello?")
        with me.events(reply.pk) as events:
            for event in events:
                if event.name == "block":
                    me.post(f"/responses/{reply.pk}/stop/")
                    break
        me.watch(reply.pk)
    assert Response.objects.get().status in ("failed", "cancelled")
    assert asked_for_no_title(gateway, 1)
    assert Conversation.objects.get().title == "Hello?"


def test_a_retry_that_completes_is_a_first_exchange(me, gateway):
    gateway.will(Script(status=400, body={"error": {"message": "no"}}))
    reply = me.ask("Hello?")
    me.watch(reply.pk)
    gateway.will(Script(text="Hi."), Script(text="Greeting"))
    me.post(f"/messages/{reply.message_id}/retry/")
    made()
    assert Conversation.objects.get().title == "Greeting"


@pytest.mark.parametrize(
    "script",
    [
        Script(status=500, body={"error": {"message": "no"}}),
        Script(text=""),
        Script(text="“”\n**"),
        Script(fault="cut"),
    ],
    ids=["error", "empty", "marks", "cut"],
)
def test_the_first_line_stays_where_no_title_came(me, gateway, script):
    gateway.will(Script(text="Hi."), script)
    me.watch(me.ask("Hello?\nMore").pk)
    [title] = made()
    assert title.attempts == 1
    assert len(gateway.responses) == 2
    assert Conversation.objects.get().title == "Hello?"


@pytest.mark.once
@pytest.mark.parametrize(
    ("script", "end"),
    [
        (Script(fault="hang_after_headers"), ("failed", "timeout_total")),
        (Script(text="A late one", pace=1.5), ("interrupted", "")),
    ],
    ids=["silent", "slow"],
)
def test_a_title_that_takes_too_long_is_given_up(me, gateway, settings, script, end):
    assert settings.TITLE_SECONDS == 30  # two at the servers of tests
    gateway.will(Script(text="Hi."), script)
    me.watch(me.ask("Hello?\nMore").pk)
    [title] = made()
    assert (title.status, title.error_code, title.attempts) == (*end, 1)
    assert timedelta(seconds=2) <= title.finished_at - title.started_at < timedelta(seconds=6)
    conversation = Conversation.objects.get()
    assert (conversation.title, conversation.title_source) == ("Hello?", "text")
    assert len(gateway.responses) == 2


def test_a_spent_budget_skips_the_title_silently(me, gateway, alice):
    Budget.objects.create(person=alice, period="day", metric="tokens", limit=18, hard=True)
    gateway.will(Script(text="Hi."))
    me.watch(me.ask("Hello?").pk)
    assert asked_for_no_title(gateway, 1)
    assert Conversation.objects.get().title == "Hello?"


@pytest.mark.once
def test_titles_can_be_switched_off_and_made_by_another_model(
    make_server, visit, alice, bob, gateway
):
    off = visit(make_server(AUTO_TITLES="false"), alice)
    off.watch(off.ask("Hello?").pk)
    assert asked_for_no_title(gateway, 1)
    other = visit(make_server(AUTO_TITLES="true", TITLE_MODEL="small-model"), bob)
    other.watch(other.ask("Hello?").pk)
    [title] = made()
    assert title.model == gateway.responses[-1].body["model"] == "small-model"


@pytest.mark.once
def test_the_demo_makes_no_title(make_server, visit, alice):
    # So few that it writes one line, and not for a quarter of a minute.
    LanguageModel.objects.filter(name="demo").update(max_output_tokens=60)
    me = visit(make_server(gateway_url="", AUTO_TITLES="true"), alice)
    reply = me.ask("Hello?")
    me.watch(reply.pk)
    assert Response.objects.get(pk=reply.pk).status == "completed"
    time.sleep(0.5)
    assert not Response.objects.filter(purpose="title").exists()


def test_titles_take_no_replys_room(make_server, visit, alice, bob, gateway):
    server = make_server(AUTO_TITLES="true", MAX_LIVE_REPLIES=1)
    me, other = visit(server, alice), visit(server, bob)
    gateway.will(Script(text="Hi."), Script(text="Slow title", first=2))
    me.watch(me.ask("Hello?").pk)
    gateway.wait_for(2)
    gateway.will(Script(text="At once."))
    assert other.ask("Me too").status in ("queued", "in_progress", "completed")
    made()


@pytest.mark.parametrize(
    ("answer", "title"),
    [
        ("Tides and the moon", "Tides and the moon"),
        ("\n\n  **Tides**  \n", "Tides"),
        ("Title: Tides", "Tides"),
        ("标题：潮汐", "潮汐"),
        ("《潮汐》。", "潮汐"),
        ("# Tides\nand more", "Tides"),
        ("", ""),
        ("***", ""),
        ("“”\n**", ""),
        ("Learning C#", "Learning C#"),
        (".NET on Linux", ".NET on Linux"),
        ("# C#", "C#"),
        ("## Tides ##", "Tides"),
        ("《西游记》人物", "《西游记》人物"),
        ("The answer is **42**.", "The answer is **42**."),
        ("**The answer is 42.**", "The answer is 42"),
        ("**Bread** and **butter**", "**Bread** and **butter**"),
        ('"Yes" or "No"', '"Yes" or "No"'),
        ('"A trip to Graz."', "A trip to Graz"),
        ('"A trip to Graz".', "A trip to Graz"),
        ("'It's raining'", "It's raining"),
        ("Rock 'n' roll", "Rock 'n' roll"),
        ("**Title:** Tides", "Tides"),
        ("**Title: Tides**", "Tides"),
        ("Title deeds in Ohio", "Title deeds in Ohio"),
        ("How tides work.", "How tides work"),
        ("Moving to Washington D.C.", "Moving to Washington D.C."),
        ("Working at Apple Inc.", "Working at Apple Inc."),
        ("To be continued...", "To be continued..."),
        ("__init__.py explained", "__init__.py explained"),
        ("`git rebase` or `git merge`", "`git rebase` or `git merge`"),
        ("<think>\nThey ask of tides.\n</think>\n\nTides", "Tides"),
        ("They ask of tides.\n</think>\n\nTides", "Tides"),
        ("<think>They ask of tides, so I", ""),
        ("<think> They ask of tides, so I", ""),
        ("word " * 40, ("word " * 40)[:79].rstrip() + "…"),
    ],
)
def test_what_models_put_around_a_title_is_taken_off(answer, title):
    assert titles.clean(answer) == title
