"""Conversations as files: out as Markdown, JSON and a zip of all; in from ours and ChatGPT's."""

import contextlib
import io
import json
import re
import tracemalloc
import zipfile
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conversations.conversation_list import trash
from conversations.keeping import removal
from conversations.models import Conversation, Message, Response
from conversations.search import search
from conversations.transfer import account_archive, bringing_in, native_json
from conversations.transfer.report import Unreadable
from tests.support.hypothesis_scale import examples
from tests.support.review_stage import ANSWER, OTHER, QUESTION, TITLE, converse


@pytest.fixture
def me(client, alice):
    client.force_login(alice)
    return client


def upload(me, content, name="conversations.json"):
    content = content if isinstance(content, bytes) else json.dumps(content).encode()
    return me.post("/data/", {"file": SimpleUploadedFile(name, content)})


KEPT = ("pinned_at", "archived_at", "trashed_at")


def everything_of(person):
    return b"".join(account_archive.write_zip(person))


def bring_in(person, found):
    return bringing_in.bring_in(person, io.BytesIO(json.dumps(found).encode()))


def lines(page):
    _head, found, rest = page.content.decode().partition('<ul id="report">')
    return re.findall("<li>(.*?)</li>", rest.partition("</ul>")[0]) if found else []


def node(name, parent, role=None, *parts, **message):
    """One node of ChatGPT's tree."""
    if role is None:
        return name, {"id": name, "parent": parent, "message": None, "children": []}
    content = {"content_type": "text", "parts": list(parts)}
    return name, {
        "id": name,
        "parent": parent,
        "children": [],
        "message": {"author": {"role": role}, "content": content, "recipient": "all", **message},
    }


def theirs(*nodes, **fields):
    """One conversation of ChatGPT's export."""
    return {
        "title": "Tides",
        "create_time": 1_700_000_000.5,
        "update_time": 1_700_000_100.0,
        "conversation_id": "6e40ae31-0d3a-4a1c-9a5e-0d6a3b0f1f11",
        "mapping": dict(nodes),
        "current_node": nodes[-1][0],
        **fields,
    }


# --- Out


def test_one_conversation_as_markdown(me, alice):
    conversation = converse(alice)
    answer = me.get(f"/conversations/{conversation.pk}/export.md")
    text = answer.content.decode()
    assert text.startswith(f"# {TITLE}\n\n## Alice Lindqvist · ")
    assert QUESTION in text and OTHER in text and ANSWER not in text
    assert "\n## m-1 · " in text
    assert answer.headers["Content-Type"] == "text/markdown; charset=utf-8"
    assert 'attachment; filename="' in answer.headers["Content-Disposition"]


def test_one_conversation_as_json_with_all_branches(me, alice):
    conversation = converse(alice)
    found = json.loads(me.get(f"/conversations/{conversation.pk}/export.json").content)
    assert [message["text"] for message in found["messages"]] == [QUESTION, ANSWER, OTHER]
    assert len({message.get("parent") for message in found["messages"]}) == 2
    assert found["messages"][1]["response"]["total_tokens"] == 15
    assert found["active"] == str(conversation.active_id)


@pytest.mark.parametrize("ending", ["json", "md"])
def test_a_long_conversation_is_sent_while_it_is_written(me, alice, ending):
    conversation, parent = converse(alice), None
    for number in range(12):
        parent = Message.objects.create(
            conversation=conversation, parent=parent, role="user", text=f"{number} é\n" * 300_000
        )
    Conversation.objects.filter(pk=conversation.pk).update(active=parent)
    tracemalloc.start()
    answer = me.get(f"/conversations/{conversation.pk}/export.{ending}")
    assert answer.streaming
    size = sum(map(len, answer.streaming_content))
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 10_000_000
    assert most < 3 * size


def test_the_pieces_of_an_export_are_json(alice):
    conversation = converse(alice)
    written = native_json.write(conversation)
    assert json.dumps(json.loads(written), ensure_ascii=False, indent=2) == written
    conversation.messages.all().delete()
    assert json.loads(native_json.write(conversation))["messages"] == []


@pytest.mark.parametrize(
    "title", ["../../etc/passwd", "a\r\nb: c", 'quote"s', "标题", "", "." * 80]
)
def test_the_name_of_the_file_is_harmless(me, alice, title):
    conversation = converse(alice, title=title)
    answer = me.get(f"/conversations/{conversation.pk}/export.md")
    name = answer.headers["Content-Disposition"]
    assert "/" not in name.replace("utf-8''", "") and "\n" not in name
    assert conversation.pk.hex[:8] in name


def test_everything_as_a_zip(me, alice, bob):
    converse(alice)
    converse(alice, trashed_at=timezone.now())
    converse(bob, title="Bob's")
    answer = me.get("/data/export.zip")
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    assert archive.testzip() is None
    names = archive.namelist()
    assert len([name for name in names if name.endswith(".md")]) == 2
    assert len([name for name in names if name.startswith("conversations/")]) == 2
    assert json.loads(archive.read("account.json"))["username"] == "alice"
    assert archive.read("usage.csv").decode().count("m-1") == 4
    assert not any(b"Bob" in archive.read(name) for name in names)


def test_a_real_server_streams_the_zip(server, visit, alice):
    for number in range(30):
        converse(alice, title=f"t{number}")
    with visit(server, alice).http.stream("GET", "/data/export.zip") as answer:
        assert "Content-Length" not in answer.headers
        content = b"".join(answer.iter_raw())
    names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert len([name for name in names if name.endswith(".json")]) == 31


def test_the_books_in_the_zip_are_whole_and_in_order(me, alice, monkeypatch):
    monkeypatch.setattr(account_archive, "ROWS", 3)
    at = timezone.now()
    for number in range(8):
        # Many at the same moment: the end of a piece lies between them.
        Response.objects.create(person_id=alice.pk, model=f"m{number}", created_at=at)
    answer = me.get("/data/export.zip")
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    header, *rows = archive.read("usage.csv").decode().splitlines()
    assert header.startswith("created_at,purpose,status,model,")
    assert sorted(row.split(",")[3] for row in rows) == [f"m{number}" for number in range(8)]


@pytest.mark.once
def test_a_zip_of_very_much_takes_no_more_memory(alice, monkeypatch):
    monkeypatch.setattr(account_archive, "ROWS", 100)

    def peak(calls):
        Response.objects.bulk_create(
            Response(person_id=alice.pk, username="alice", model="m" * 150) for _ in range(calls)
        )
        tracemalloc.start()
        for _piece in account_archive.write_zip(alice):
            pass
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    few = peak(300)
    assert peak(3_000) < few * 1.5


# --- In: our own


@settings(max_examples=examples(40), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    parents=st.lists(st.integers(-1, 6), min_size=1, max_size=8),
    times=st.lists(st.integers(0, 3), min_size=8, max_size=8),
    texts=st.lists(st.sampled_from(["a", "  b\n", "", "字"]), min_size=8, max_size=8),
    active=st.integers(0, 7),
)
def test_all_branches_come_back_as_they_were(alice, bob, parents, times, texts, active):
    """Whatever the tree: at the same moment, with a clock that was set back, without text."""
    at = timezone.now() - timedelta(days=1)
    conversation = Conversation.objects.create(owner=alice, title="t")
    messages = []
    for number, parent in enumerate(parents):
        parent = messages[parent % number] if number and parent >= 0 else None
        is_reply = parent is not None and parent.role == "user"
        messages.append(
            Message.objects.create(
                conversation=conversation,
                parent=parent,
                role="assistant" if is_reply else "user",
                text=texts[number] if is_reply else texts[number].strip() or "q",
                created_at=at + timedelta(seconds=times[number]),
            )
        )
    conversation.active = messages[active % len(messages)]
    conversation.save()
    report = bringing_in.bring_in(bob, io.BytesIO(native_json.write(conversation).encode()))
    copy = Conversation.objects.of(bob).latest("created_at", "pk")

    def path(message):
        return (*path(message.parent), (message.role, message.text)) if message else ()

    assert report.messages == len(messages)
    assert sorted(map(path, copy.messages.all())) == sorted(map(path, messages))
    assert path(copy.active) == path(conversation.active)
    copy.delete()


def test_a_reply_that_ended_without_text_comes_in_and_says_so(me, alice, bob):
    conversation = converse(alice)
    Message.objects.filter(text=OTHER).update(text="", html="")
    content = me.get(f"/conversations/{conversation.pk}/export.json").content
    me.force_login(bob)
    assert lines(upload(me, content)) == ["1 conversation came in.", "3 messages came in."]
    page = me.get(Conversation.objects.of(bob).get().get_absolute_url()).content.decode()
    assert "The reply ended with no text." in page
    assert "2/2" in page


def test_what_went_out_comes_in_at_another_account(me, alice, bob):
    conversation = converse(alice)
    Message.objects.filter(text=ANSWER).update(reasoning="Because.")
    content = me.get(f"/conversations/{conversation.pk}/export.json").content
    me.force_login(bob)
    page = upload(me, content)
    assert lines(page) == ["1 conversation came in.", "3 messages came in."]
    copy = Conversation.objects.of(bob).get()
    assert copy.pk != conversation.pk
    assert (copy.title, copy.title_source) == (TITLE, "person")
    rows = [(m.role, m.text, m.html, m.reasoning, m.created_at) for m in copy.messages.all()]
    assert rows == [
        (m.role, m.text, m.html, m.reasoning, m.created_at) for m in conversation.messages.all()
    ]
    assert copy.active.text == OTHER
    assert copy.active.parent.text == QUESTION
    assert Response.objects.count() == 2  # those of the first; an import costs nothing
    assert len(search("secret", [bob.pk])) == 2
    assert "another answer" in me.get(f"/conversations/{copy.pk}/").content.decode()


def test_the_zip_of_everything_comes_in_again_where_it_is_gone(me, alice):
    for title in ("one", "two"):
        converse(alice, title=title)
    kept = converse(alice, title="kept")
    content = b"".join(me.get("/data/export.zip").streaming_content)
    Conversation.objects.exclude(pk=kept.pk).delete()
    page = upload(me, content, "all.zip")
    assert lines(page) == [
        "2 conversations came in.",
        "6 messages came in.",
        "1 conversation was here already and was left as it is.",
    ]
    assert Conversation.objects.count() == 3
    assert lines(upload(me, content, "all.zip"))[0] == "0 conversations came in."


# --- In: ChatGPT's


@pytest.mark.parametrize("kept", ["pinned_at", "archived_at", "trashed_at", None])
def test_what_stood_apart_in_the_list_does_so_again(me, alice, kept):
    conversation = converse(alice)
    long_ago = timezone.now() - timedelta(days=90)
    if kept:
        setattr(conversation, kept, long_ago)
        conversation.save()
    exported = everything_of(alice)
    removal.remove(conversation)
    upload(me, exported, "everything.zip")
    again = Conversation.objects.get()
    assert [name for name in KEPT if getattr(again, name)] == ([kept] if kept else [])
    # What is in the trash stays there its thirty days.
    assert trash.purge() == 0


def test_what_was_archived_at_chatgpt_is_archived(alice):
    found = theirs(node("a", None, "user", "Hello"), is_archived=True, update_time=1_760_000_000)
    bring_in(alice, [found])
    assert Conversation.objects.get().archived_at is not None


def test_a_conversation_of_chatgpt_comes_in_with_its_branches(alice):
    report = bring_in(
        alice,
        [
            theirs(
                node("root", None),
                node("s", "root", "system", "You are ChatGPT."),
                node("u", "s", "user", "How do tides work?", create_time=1_700_000_001),
                node("a1", "u", "assistant", "By the **moon**.", create_time=1_700_000_002),
                node("a2", "u", "assistant", "By the sun too.", create_time=1_700_000_003),
                node("u2", "a2", "user", "And then?", create_time=1_700_000_004),
            )
        ],
    )
    assert (report.conversations, report.messages) == (1, 4)
    conversation = Conversation.objects.get()
    assert conversation.title == "Tides"
    assert conversation.updated_at == datetime.fromtimestamp(1_700_000_100, UTC)
    question, first, second, last = conversation.messages.all()
    assert (question.text, question.parent, question.role) == ("How do tides work?", None, "user")
    assert first.parent == second.parent == question
    assert "<strong>moon</strong>" in first.html
    assert last.parent == second and conversation.active == last
    assert search("tides sun", [alice.pk]) == []
    assert len(search("tides", [alice.pk])) == 2


def test_what_is_not_said_is_stepped_over_and_counted(me, alice):
    image = {"content_type": "image_asset_pointer", "asset_pointer": "file-service://x"}
    thoughts = {"content_type": "thoughts", "thoughts": []}
    hidden = {"is_visually_hidden_from_conversation": True}
    page = upload(
        me,
        [
            theirs(
                node("u", None, "user", image, "Look"),
                node("t", "u", "assistant", "search(x)", recipient="web"),
                node("r", "t", "tool", "a result"),
                node("th", "r", "assistant", content=thoughts),
                node("h", "th", "user", "hidden", metadata=hidden),
                node("a", "h", "assistant", "A cat."),
            ),
            theirs(node("x", None, "user", ""), conversation_id="y"),
            {"mapping": {"n": 1}, "title": "Broken one"},
            "nothing",
        ],
    )  # fmt: skip
    assert lines(page) == [
        "1 conversation came in.",
        "2 messages came in.",
        "1 conversation without any text was left out.",
        "1 image or file was left out; the text around it came in.",
        "“Broken one” could not be read.",
    ]
    first, second = Message.objects.all()
    assert (first.text, second.text, second.parent) == ("Look", "A cat.", first)


def test_what_was_spoken_comes_in_as_it_was_heard(alice):
    heard = {"content_type": "audio_transcription", "text": "How do tides work?"}
    sound = {"content_type": "audio_asset_pointer", "asset_pointer": "sediment://x"}
    report = bring_in(alice, theirs(node("u", None, "user", heard, sound)))
    assert Message.objects.get().text == "How do tides work?"
    assert report.left_out["attachment"] == 1


def test_marks_of_their_page_are_no_text(alice):
    cited = "High tide\ue200cite\ue202turn0search1\ue202turn0search4\ue201 comes to "
    place = '\ue200entity\ue202["city","Brest","a port"]\ue201 twice.\ue200image_group\ue201'
    broken = "\ue200entity\ue202[]\ue201\ue200entity\ue201\ue200cite"
    bring_in(alice, theirs(node("u", None, "assistant", cited + place + broken)))
    assert Message.objects.get().text == "High tide comes to Brest twice."


def test_versions_without_a_time_stay_in_their_order(alice):
    nodes = [node("u", None, "user", "Q"), node("z", "u", "assistant", "first")]
    nodes += [node(f"{n}", "u", "assistant", f"version {n}") for n in range(9)]
    bring_in(alice, theirs(*nodes))
    texts = [message.text for message in Message.objects.all()]
    assert texts == ["Q", "first", *(f"version {n}" for n in range(9))]


def test_the_zip_they_send_comes_in(me, alice):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        one = theirs(node("u", None, "user", "Hello"))
        archive.writestr("export/conversations-000.json", json.dumps([one]))
        archive.writestr("export/user.json", json.dumps({"id": "x"}))
        archive.writestr("export/chat.html", "<html>")
    assert lines(upload(me, file.getvalue(), "chatgpt.zip"))[0] == "1 conversation came in."


@pytest.mark.parametrize(
    "times", [(None, None), ("x", []), (1e400, -5), (4e9, 4e9), (float("nan"), True)]
)
def test_odd_times_are_ours_instead(alice, times):
    created, sent = times
    before = timezone.now()
    bring_in(
        alice,
        theirs(
            node("u", None, "user", "Q", create_time=sent),
            node("a", "u", "assistant", "A", create_time=sent),
            create_time=created,
            update_time=created,
        ),
    )
    question, answer = Message.objects.all()
    assert before <= question.created_at < answer.created_at
    assert question.text == "Q"
    assert Conversation.objects.get().updated_at >= before


# --- In: what should not


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"\xff\xfe\x00", b"{}", b"[]", b"[" * 200_000, b'{"mapping": 1}', b"1" * 9_000,
     b"PK\x03\x04 broken", b'{"format": "other"}'],
    ids=range(10),
)  # fmt: skip
def test_what_is_no_export_is_refused_with_a_sentence(me, alice, content):
    page = upload(me, content or b" ")
    assert page.status_code == 422
    assert "There is no conversation in this file." in page.content.decode()
    assert not Conversation.objects.exists()


@pytest.mark.parametrize(("most", "shown"), [(4_000_000, "4 MB"), (2_590_000, "2.5 MB")])
def test_the_page_says_how_large_a_file_may_be(me, settings, most, shown):
    settings.MAX_IMPORT = most
    assert f"at most {shown}." in me.get("/data/").content.decode()


def test_a_zip_that_unpacks_to_too_much_is_refused(me):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("conversations.json", b"[" + b" " * (bringing_in.MOST_BYTES + 10) + b"]")
    assert len(file.getvalue()) < 1_000_000
    page = upload(me, file.getvalue(), "bomb.zip")
    assert page.status_code == 422
    assert "There is more in this file" in page.content.decode()


def test_a_damaged_or_locked_zip_is_refused(me):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("conversations.json", json.dumps([1] * 1_000))
    content = bytearray(file.getvalue())
    content[40:60] = b"\xff" * 20
    assert "This zip cannot be unpacked" in upload(me, bytes(content), "x.zip").content.decode()
    locked = bytearray(file.getvalue())
    locked[6] |= 1
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    assert "This zip cannot be unpacked" in upload(me, bytes(locked), "x.zip").content.decode()


@pytest.mark.parametrize(
    ("title", "shown"), [("Half \ud83d", "Half \ufffd"), ({"a": 1}, "?"), ("", "?")], ids=range(3)
)
def test_what_is_broken_is_named_whatever_its_title(me, alice, title, shown):
    page = upload(me, {"mapping": {"x": 3}, "title": title})
    assert page.status_code == 200
    assert lines(page)[-1] == f"“{shown}” could not be read."


def zipped(members, method=zipfile.ZIP_STORED):
    """A zip of `{name: content}`."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def one(text, number):
    """A file with one conversation of ChatGPT's, each `number` another one."""
    return json.dumps(
        [theirs(node("u", None, "user", text), conversation_id=str(UUID(int=number)))]
    )


def test_what_of_a_zip_cannot_be_read_is_named_beside_what_came_in(me, alice):
    content = zipped({
        "conversations/a.json": one("First", 1),
        "conversations/b.json": "no JSON",
        "conversations/c.json": one("DAMAGED", 2),
        "conversations/d.json": one("Last", 3),
    })  # fmt: skip
    page = upload(me, content.replace(b"DAMAGED", b"damaged"), "x.zip")
    assert page.status_code == 200
    assert lines(page) == [
        "2 conversations came in.",
        "2 messages came in.",
        "“conversations/b.json” could not be read.",
        "“conversations/c.json” could not be read.",
    ]


def test_what_came_in_before_a_file_grew_too_large_is_reported(alice):
    file = io.BytesIO(zipped({"conversations/a.json": one("First", 1),
                              "conversations/b.json": one("Far too much", 2)}))  # fmt: skip
    report = bringing_in.bring_in(alice, file, most_bytes=len(one("First", 1)))
    assert report.lines()[0] == "1 conversation came in."
    assert "There is more in this file" in report.lines()[-1]
    assert Message.objects.get().text == "First"


@pytest.mark.once
@settings(max_examples=examples(300), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    method=st.sampled_from(
        [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
    ),
    places=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=4),
)
def test_no_zip_raises(alice, method, places):
    content = bytearray(zipped({"conversations/é.json": "[1, 2, 3]" * 30}, method))
    for place, byte in places:
        content[place % len(content)] = byte
    with contextlib.suppress(Unreadable):
        bringing_in.bring_in(alice, io.BytesIO(content))


def test_an_id_of_somebody_elses_is_not_taken(alice, bob):
    conversation = converse(bob)
    bring_in(alice, theirs(node("u", None, "user", "Hi"), conversation_id=str(conversation.pk)))
    assert Conversation.objects.of(bob).get() == conversation
    assert Conversation.objects.of(alice).get().pk != conversation.pk


def test_loops_and_missing_parents_end(alice):
    report = bring_in(
        alice,
        theirs(
            node("a", "b", "user", "in a loop"),
            node("b", "a", "assistant", "in a loop"),
            node("c", "nowhere", "user", "with no parent"),
            node("d", "d", "assistant", "its own parent"),
            current_node="nowhere",
        ),
    )
    assert report.messages == 2
    assert {message.parent for message in Message.objects.all()} == {None}


def test_text_no_database_takes_is_mended(alice):
    bring_in(alice, theirs(node("u", None, "user", "a\0b\ud800c"), title="t\0\udfff"))
    assert Message.objects.get().text == "ab\ufffdc"
    assert Conversation.objects.get().title == "t\ufffd"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["message", "parent", "author", "role", "content", "parts", "content_type",
                         "metadata", "create_time", "a", "b"]), inner, max_size=5),
    max_leaves=15,
)  # fmt: skip


@pytest.mark.once
@settings(max_examples=examples(150), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.fixed_dictionaries(
        {"mapping": st.dictionaries(st.sampled_from("abc"), JSON, max_size=3)},
        optional=dict.fromkeys(("title", "id", "create_time", "current_node"), JSON),
    ),
)
def test_no_file_in_their_shape_raises(alice, found):
    bring_in(alice, found)


@pytest.mark.once
@settings(max_examples=examples(100), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.fixed_dictionaries(
        {"format": st.just("chatsite conversation"), "version": st.just(1) | JSON},
        optional={
            "messages": st.lists(
                st.fixed_dictionaries(
                    {"role": st.sampled_from(["user", "assistant", "x"])},
                    optional=dict.fromkeys(("id", "parent", "text", "created_at"), JSON),
                )
            )
            | JSON,
            **dict.fromkeys(("title", "id", "created_at", "active", "instructions"), JSON),
        },
    ),
)
def test_no_file_in_our_shape_raises(alice, found):
    bring_in(alice, found)


def test_an_administrator_brings_in_what_is_too_large_for_the_page(alice, tmp_path, capsys):
    file = tmp_path / "conversations.json"
    file.write_text(json.dumps([theirs(node("u", None, "user", "Hello"))]))
    call_command("import_conversations", "alice", str(file))
    assert capsys.readouterr().out == "1 conversation came in.\n1 message came in.\n"
    with pytest.raises(CommandError, match="There is no account nobody"):
        call_command("import_conversations", "nobody", str(file))
    with pytest.raises(CommandError, match="more in this file"):
        call_command("import_conversations", "alice", str(file), "--most=0")


def test_a_limit_on_what_is_unpacked_is_a_limit_in_all(alice):
    with pytest.raises(Unreadable) as refused:
        bringing_in.bring_in(alice, io.BytesIO(b"[1, 2, 3]"), most_bytes=5)
    assert refused.value.code == "size"
