"""The list of conversations, and what a person does with one: name, pin, put or throw it away."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from conversations.conversation_list import trash
from conversations.conversation_list.sidebar import MOST_PINNED
from conversations.models import Conversation, Message, Response
from conversations.search import index, search
from tests.support.polling import until
from tests.support.review_stage import converse
from tests.support.shared_servers import wish

FRAGMENT = {"X-Fragment": "list"}


@pytest.fixture
def me(client, alice):
    client.force_login(alice)
    return client


def make(owner, title, ago=timedelta(), **fields):
    at = timezone.now() - ago
    return Conversation.objects.create(owner=owner, title=title, updated_at=at, **fields)


def shown(page):
    """The list in a page as `[(heading, [titles])]`."""
    html = page.content.decode()
    html = html[html.index('id="conversations"') :] if 'id="conversations"' in html else html
    return [
        (heading, re.findall(r'<span dir="auto">(.*?)</span>', rows))
        for heading, rows in re.findall(r"<h2>(.*?)</h2>\s*<ul>(.*?)</ul>", html, re.DOTALL)
    ]


def url(conversation, verb):
    return f"/conversations/{conversation.pk}/{verb}/"


def reread(conversation):
    return Conversation.objects.get(pk=conversation.pk)


# --- The list


def test_conversations_stand_under_the_day_of_their_last_activity(me, alice, bob, time_machine):
    time_machine.move_to(datetime(2026, 6, 15, 12, tzinfo=UTC), tick=False)
    make(alice, "now")
    make(alice, "late yesterday", timedelta(hours=13))
    make(alice, "six days", timedelta(days=6))
    make(alice, "twenty days", timedelta(days=20))
    make(alice, "in May", timedelta(days=40))
    make(alice, "in April", timedelta(days=60))
    make(alice, "last June", timedelta(days=370))
    make(alice, "pinned long ago", timedelta(days=700), pinned_at=timezone.now())
    make(alice, "put away", archived_at=timezone.now())
    make(alice, "thrown away", trashed_at=timezone.now())
    make(bob, "of somebody else")
    assert shown(me.get("/")) == [
        ("Pinned", ["pinned long ago"]),
        ("Today", ["now"]),
        ("Yesterday", ["late yesterday"]),
        ("Previous 7 days", ["six days"]),
        ("Previous 30 days", ["twenty days"]),
        ("May 2026", ["in May"]),
        ("April 2026", ["in April"]),
        ("June 2025", ["last June"]),
    ]


def test_days_are_those_of_the_reader(me, alice, time_machine):
    time_machine.move_to(datetime(2026, 6, 15, 12, tzinfo=UTC), tick=False)
    make(alice, "late", timedelta(hours=13))
    assert shown(me.get("/")) == [("Yesterday", ["late"])]
    me.cookies["timezone"] = "Europe/Berlin"
    assert shown(me.get("/")) == [("Today", ["late"])]
    me.cookies["timezone"] = "America/Los_Angeles"
    assert shown(me.get("/")) == [("Yesterday", ["late"])]


def test_the_list_goes_on_by_its_end_without_the_script_too(me, alice):
    for number in range(120):
        # Many at the same moment: the end of a piece may lie between them.
        make(alice, f"c{number}", timedelta(minutes=number // 40))
    page, titles, pieces = me.get("/"), [], 0
    while True:
        pieces += 1
        titles += [title for _heading, rows in shown(page) for title in rows]
        older = re.search(r'href="(/conversations/\?before=[^"]+)"', page.content.decode())
        if not older:
            break
        page = me.get(older[1], headers=FRAGMENT)
    assert pieces == 3
    assert sorted(titles) == sorted(f"c{number}" for number in range(120))
    first = re.search(r'href="(/conversations/\?before=[^"]+)"', me.get("/").content.decode())
    assert b"<h1>Conversations</h1>" in me.get(first[1]).content


def test_the_list_has_the_last_pinned_ones_and_a_page_has_all(me, alice):
    now = timezone.now()
    Conversation.objects.bulk_create(
        Conversation(owner=alice, title=f"c{number}", pinned_at=now - timedelta(days=number))
        for number in range(MOST_PINNED + 3)
    )
    page = me.get("/")
    assert shown(page) == [("Pinned", [f"c{number}" for number in range(MOST_PINNED)])]
    assert '<a class="list__older" href="/pinned/">All pinned conversations</a>' in page.text
    last = me.get("/pinned/?page=3")
    assert f"c{MOST_PINNED + 2}</a>" in last.text
    Conversation.objects.filter(title__in=["c0", "c1", "c2"]).delete()
    assert 'href="/pinned/"' not in me.get("/").text


def test_a_refresh_brings_as_much_as_is_shown(me, alice):
    for number in range(120):
        make(alice, f"c{number}", timedelta(minutes=number))
    answer = me.get("/conversations/?length=110", headers=FRAGMENT)
    assert sum(len(rows) for _heading, rows in shown(answer)) == 110


ODD = ("before=x", "before=1-2", "before=9-" + "0" * 32, "before=" + "9" * 400)


@pytest.mark.parametrize("query", [*ODD, "length=-1", "length=99999999", "length=x"])
def test_any_address_of_the_list_is_answered(me, alice, query):
    make(alice, "one")
    assert me.get(f"/conversations/?{query}").status_code == 200


def test_the_list_costs_the_same_however_long_it_is(me, alice, django_assert_max_num_queries):
    def queries():
        with django_assert_max_num_queries(20) as counted:
            me.get("/conversations/", headers=FRAGMENT)
        return len(counted)

    make(alice, "one")
    queries()  # the first notes when its person was last seen
    few = queries()
    for number in range(100):
        make(alice, f"c{number}", pinned_at=timezone.now() if number % 2 else None)
    assert queries() == few


def test_dots_and_spinners(me, alice):
    new = make(alice, "new reply", unseen=True)
    busy = make(alice, "busy", unseen=True)
    message = Message.objects.create(conversation=busy, role="assistant")
    Response.objects.create(
        conversation=busy, message=message, person_id=alice.pk, status="in_progress", model="m"
    )
    make(alice, "titled", unseen=False)
    html = me.get("/conversations/", headers=FRAGMENT).content.decode()
    states = re.findall(r'<li data-conversation="([^"]+)"(?: data-state="(\w+)")?>', html)
    assert [state for _pk, state in states] == ["", "writing", "unseen"]
    assert me.post(url(new, "seen"), headers={"X-Fragment": "note"}).status_code == 204
    assert not reread(new).unseen
    assert me.get(f"/conversations/{busy.pk}/").status_code == 200
    assert reread(busy).unseen  # a GET may be a prefetch


# --- Name, pin, archive


def test_a_name_of_my_own(me, alice):
    conversation = converse(alice)
    index.add_conversation(conversation.pk)
    answer = me.post(url(conversation, "rename"), {"title": "  A name\n of mine "})
    assert answer.status_code == 303
    assert answer.url == f"/conversations/{conversation.pk}/"
    renamed = reread(conversation)
    assert (renamed.title, renamed.title_source) == ("A name of mine", "person")
    assert [hit.message_id for hit in search("name mine", [alice.pk])] == [None]
    assert search('"Secret title"', [alice.pk]) == []


@pytest.mark.parametrize("title", ["", "   ", "x" * 201])
def test_a_name_that_is_none_is_refused(me, alice, title):
    conversation = make(alice, "stays")
    answer = me.post(url(conversation, "rename"), {"title": title})
    assert answer.status_code == 422
    assert reread(conversation).title == "stays"


def test_pin_and_unpin(me, alice):
    conversation = make(alice, "old", timedelta(days=3), archived_at=timezone.now())
    make(alice, "new")
    me.post(url(conversation, "pin"))
    assert shown(me.get("/")) == [("Pinned", ["old"]), ("Today", ["new"])]
    me.post(url(conversation, "pin"), {"off": "1"})
    assert [heading for heading, _rows in shown(me.get("/"))] == ["Today", "Previous 7 days"]


@pytest.mark.parametrize(
    ("path", "fields"),
    [("/archive/", {"archived_at": timezone.now()}), ("/pinned/", {"pinned_at": timezone.now()})],
)
def test_the_button_of_a_row_takes_it_out_of_the_page(me, alice, path, fields):
    """Sent as the page has it."""
    make(alice, "kept here", **fields)
    rows = me.get(path).text.split("<main")[1]
    assert "kept here" in rows
    [action] = re.findall(r'<form method="post" action="([^"]+)">', rows)
    [(name, value)] = re.findall(r'<button class="button" name="(\w+)" value="(\w+)">', rows)
    me.post(action, {name: value})
    assert "kept here" not in me.get(path).text.split("<main")[1]


def test_archive_and_back(me, alice):
    conversation = make(alice, "put away", pinned_at=timezone.now())
    answer = me.post(url(conversation, "archive"), follow=True)
    assert "Archived." in answer.content.decode()
    assert shown(answer) == []
    page = me.get("/archive/").content.decode()
    assert "put away" in page
    me.post(url(conversation, "archive"), {"off": "1"})
    assert shown(me.get("/")) == [("Today", ["put away"])]
    assert "put away" not in me.get("/archive/").content.decode().split("<main")[1]


def test_the_panel_of_a_conversation_is_a_page_too(me, alice):
    conversation = make(alice, "mine")
    page = me.get(url(conversation, "manage")).content.decode()
    panel = me.get(url(conversation, "manage"), headers={"X-Fragment": "manage"}).content.decode()
    assert "<main" in page and "<main" not in panel
    for part in (page, panel):
        for verb in ("rename", "pin", "archive", "trash"):
            assert f'action="{url(conversation, verb)}"' in part


def test_writing_in_an_archived_one_brings_it_back(server, visit, alice):
    visitor = visit(server, alice)
    first = visitor.ask("Hello")
    visitor.watch(first.pk)
    visitor.post(f"/conversations/{first.conversation_id}/archive/")
    visitor.watch(visitor.ask("Again", first.conversation_id).pk)
    assert Conversation.objects.get().archived_at is None


# --- The trash


def test_delete_and_undo(me, alice):
    conversation = converse(alice)
    index.add_conversation(conversation.pk)
    page = me.post(url(conversation, "trash"), follow=True).content.decode()
    assert "It stays in the trash for 30 days." in page
    undo = re.search(r'action="([^"]+/restore/)"', page)[1]
    assert search("secret", [alice.pk]) == []
    assert (
        "This conversation is in the trash."
        in me.get(f"/conversations/{conversation.pk}/").content.decode()
    )
    assert me.post(undo).url == f"/conversations/{conversation.pk}/"
    assert reread(conversation).trashed_at is None
    assert search("secret", [alice.pk])


def test_what_is_in_the_trash_can_only_come_back_or_go(me, alice):
    conversation = converse(alice, trashed_at=timezone.now())
    message = conversation.messages.get(role="user")
    page = f"/conversations/{conversation.pk}/"
    assert me.post(page, {"text": "Hi"}).status_code == 404
    assert me.get(f"/messages/{message.pk}/text/").status_code == 404
    assert me.post(url(conversation, "rename"), {"title": "x"}).status_code == 404
    assert me.get(f"{page}export.md").status_code == 404
    assert b"my secret" not in me.get(page).content
    assert "Secret title" in me.get("/trash/").content.decode()


def test_the_note_with_undo_for_the_script(me, alice):
    conversation = make(alice, "mine")
    answer = me.post(url(conversation, "trash"), headers={"X-Fragment": "note"})
    assert answer.status_code == 200
    html = answer.content.decode()
    assert f'action="{url(conversation, "restore")}"' in html and "csrfmiddlewaretoken" in html


def test_deleting_for_good_leaves_the_books_and_nothing_else(me, alice):
    conversation = converse(alice)
    index.add_conversation(conversation.pk)
    Response.objects.update(refusal="my secret", error_message="my secret")
    assert me.post(url(conversation, "erase")).url == url(conversation, "manage")
    me.post(url(conversation, "trash"))
    assert me.post(url(conversation, "erase")).url == "/trash/"
    assert not Conversation.objects.exists() and not Message.objects.exists()
    calls = Response.objects.all()
    assert [call.total_tokens for call in calls] == [15, 15]
    assert {(call.request == {}, call.refusal, call.error_message) for call in calls} == {
        (True, "", "")
    }


def test_emptying_the_trash_asks_first_and_takes_only_mine(me, alice, bob):
    converse(alice, trashed_at=timezone.now())
    stays, other = converse(alice), converse(bob, trashed_at=timezone.now())
    assert "1 conversation will be deleted" in me.get("/trash/empty/").content.decode()
    assert Conversation.objects.count() == 3
    me.post("/trash/empty/")
    assert set(Conversation.objects.all()) == {stays, other}


def test_after_thirty_days_it_is_gone(alice, capsys):
    now = timezone.now()
    converse(alice, trashed_at=now - timedelta(days=30, minutes=1))
    younger = converse(alice, trashed_at=now - timedelta(days=29, hours=23))
    kept = converse(alice)
    call_command("purge_trash")
    assert capsys.readouterr().out == "1 conversations were deleted.\n"
    assert set(Conversation.objects.all()) == {younger, kept}


def test_the_server_itself_empties_the_trash(stage, alice):
    old = converse(alice, trashed_at=timezone.now() - timedelta(days=31))
    kept = converse(alice, trashed_at=timezone.now())
    stage.here  # noqa: B018 (starts it)
    until(lambda: not Conversation.objects.filter(pk=old.pk).exists(), 20)
    assert list(Conversation.objects.all()) == [kept]


def test_deleting_stops_the_reply_that_is_being_written(stage, visitor, alice):
    response = visitor.ask(wish(pieces=400, pace=0.05))
    until(lambda: Response.objects.get(pk=response.pk).status == "in_progress", 10)
    visitor.post(f"/conversations/{response.conversation_id}/trash/")
    until(lambda: Response.objects.get(pk=response.pk).status == "cancelled", 10)


@pytest.mark.django_db(transaction=True)
def test_deleted_words_leave_the_files(alice, tmp_path, settings):
    from django.db import connection

    marker = "zyxmarkerzyx"
    conversation = converse(alice, title=f"{marker} title")
    message = conversation.messages.get(role="user")
    Message.objects.filter(pk=message.pk).update(text=f"{marker} " * 50)
    index.add_conversation(conversation.pk)
    trash.trash(conversation)
    assert trash.purge(timezone.now() + timedelta(days=31)) == 1
    trash.scrub()
    if connection.vendor == "sqlite":
        name = str(connection.settings_dict["NAME"])
        for file in (name, f"{name}-wal"):
            with open(file, "rb") as content:
                assert marker.encode() not in content.read()
    else:
        with connection.cursor() as cursor:
            for table in connection.introspection.table_names():
                cursor.execute(
                    f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE %s', [f"%{marker}%"]
                )
                assert cursor.fetchone() == (0,), table
