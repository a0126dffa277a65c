"""Finding the files of messages by their names and their extracted text, in the search index."""

import tempfile
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from conversations.conversation_list import trash
from conversations.files import intake
from conversations.keeping import removal
from conversations.models import Attachment, Conversation, Hold, Message, SearchEntry
from conversations.search import file_texts, index, search
from conversations.search.index import rebuild
from tests.support import sample_files as made
from tests.support.file_forms import send
from tests.support.review_stage import converse
from tests.test_search import raw_index

HOSTILE = "invoice\u202etxt.exe\r\n"


@pytest.fixture
def attach():
    """Stores a document of a conversation's first message, as if it had been sent with it."""

    def attach(conversation, *documents):
        question = conversation.messages.get(role="user")
        files = [
            Attachment.objects.create(
                owner=conversation.owner,
                conversation=conversation,
                message=question,
                position=position,
                name=name,
                media_type="text/plain",
                size=len(text),
                sha256="0" * 64,
                text=text,
                characters=len(text),
            )
            for position, (name, text) in enumerate(documents)
        ]
        index.add_files(conversation.owner_id, question, files)
        return files

    return attach


@pytest.fixture
def talk(alice):
    conversation = converse(alice)
    index.add_conversation(conversation.pk)
    return conversation


def names(query, *people, **narrowed):
    """The names of the files that `query` finds in what belongs to `people` (everybody: none)."""
    hits = search(query, [person.pk for person in people] or None, **narrowed)
    files = Attachment.with_hidden.in_bulk([hit.attachment_id for hit in hits if hit.attachment_id])
    return [files[hit.attachment_id].name for hit in hits if hit.attachment_id]


def test_a_sent_file_is_found_by_name_and_text_and_named(own, client, alice, bob):
    send(
        own, ("Budget_[2026].docx", made.docx("The okapi costs more")), ("cat.png", made.picture())
    )
    message = Message.objects.get(role="user")
    page = own.get("/search/?q=okapi").text
    assert "The <mark>okapi</mark> costs more" in page
    assert "<bdi>Budget_[2026].docx</bdi>" in page
    assert f"?at={message.pk}&amp;q=okapi#m-{message.pk}" in page
    # A picture has no text, but a name; and a name and the text beside it are one.
    assert names("cat", alice) == ["cat.jpg"]
    assert "<bdi>cat.jpg</bdi>" in own.get("/search/?q=cat", headers={"X-Fragment": "rows"}).text
    assert names("budget okapi", alice) == ["Budget_[2026].docx"]
    assert names("okapi", bob) == []
    client.force_login(bob)
    assert "okapi costs" not in client.get("/search/?q=okapi").text


def test_an_edited_message_shares_its_files_and_both_are_found(own, alice):
    send(own, ("kept.txt", b"an okapi"))
    message = Message.objects.get(role="user")
    kept = message.attachments.get()
    message.conversation.responses.update(status="completed")
    send(own, path=f"/messages/{message.pk}/edit/", attachments=[kept.pk])
    assert names("okapi", alice) == ["kept.txt"] * 2
    message.delete()
    assert names("okapi", alice) == ["kept.txt"]


@pytest.mark.parametrize("deletion", ["file", "message", "conversation", "rows", "person"])
def test_the_words_of_a_deleted_file_leave_the_index(alice, talk, attach, deletion):
    [file, *_other] = attach(talk, ("a.txt", "the okapi"), ("b.txt", "a giraffe"))
    pk = file.pk
    {
        "file": file.delete,
        "message": file.message.delete,
        "conversation": talk.delete,
        "rows": lambda: removal.remove(talk),
        "person": alice.delete,
    }[deletion]()
    assert not SearchEntry.objects.filter(attachment=pk).exists()
    left = " ".join(raw_index())
    assert "okapi" not in left
    assert ("giraffe" in left) == (deletion == "file")
    Conversation.objects.all().delete()
    assert raw_index() == []


def test_what_is_in_the_trash_or_temporary_is_not_found(alice, talk, attach):
    attach(talk, ("a.txt", "the okapi"))
    trash.trash(talk)
    assert names("okapi", alice) == []
    trash.restore(talk)
    assert names("okapi", alice) == ["a.txt"]
    Conversation.objects.update(temporary=True)
    assert names("okapi", alice) == []


def test_what_a_hold_keeps_is_found_by_reviewers_only(desk, alice, talk, attach):
    attach(talk, (HOSTILE, "the okapi"))
    Hold.objects.create(conversation_id=talk.pk, reason="A lawsuit.")
    assert removal.remove_files(talk) == (1, True)
    assert names("okapi", alice) == []
    assert names("okapi", trashed=True) == [HOSTILE]
    page = desk.get("/review/?q=okapi").text
    assert "the <mark>okapi</mark>" in page
    assert "invoice‹U+202E›txt.exe" in page


def test_a_file_that_a_check_forbids_is_found_by_nobody(alice, talk, attach):
    attach(talk, ("a.txt", "the okapi"))
    Attachment.objects.update(state=Attachment.State.SUSPICIOUS)
    assert names("okapi", alice) == names("okapi", trashed=True) == []


def test_of_long_files_the_begin_is_found_and_nothing_is_left_when_they_go(alice, talk, attach):
    long = "begins " + "word " * (file_texts.FILE // 5) + "ends"
    files = attach(talk, *((f"{number}.txt", long) for number in range(3)))
    assert [file.indexed for file in files] == [file_texts.FILE, file_texts.FILE, 0]
    assert sorted(names("begins", alice)) == ["0.txt", "1.txt"]
    assert names("ends", alice) == []
    assert names("2 txt", alice) == ["2.txt"]
    Conversation.objects.all().delete()
    assert raw_index() == []


def test_long_files_are_deleted_in_several_pieces(alice, talk, attach):
    long = "word " * (file_texts.FILE // 5)
    for question in (talk.messages.get(role="user"), talk.messages.last()):
        question.role = "user"
        talk.messages.exclude(pk=question.pk).update(role="assistant")
        question.save()
        attach(talk, ("a.txt", long), ("b.txt", long))
    done = [removal.remove_files(talk)]
    while not done[-1][1]:
        done.append(removal.remove_files(talk))
    assert len(done) > 1 and sum(count for count, _whole in done) == 4
    assert not SearchEntry.objects.filter(attachment__isnull=False).exists()


def test_the_index_of_files_can_be_made_anew(alice, talk, attach, capsys):
    attach(talk, ("a.txt", "the okapi"), ("b.png", ""))
    # Written when files were not in the index yet; and a message that is nothing but its file.
    Attachment.objects.update(indexed=0)
    talk.messages.filter(role="user").update(text="")
    call_command("rebuild_search")
    rebuild()
    assert names("okapi", alice) == ["a.txt"]
    assert names("b png", alice) == ["b.png"]
    assert names("okapi", alice, since=timezone.now()) == []
    Conversation.objects.all().delete()
    assert raw_index() == []


def keep_as(name, words, take):
    """Store `words` as a file called `name`, by the function `take` of the open file and the name;
    what it returned."""
    with tempfile.TemporaryFile() as file:
        file.write(words)
        file.seek(0)
        return take(file, name)


def test_files_of_a_reply_are_found_before_and_after_the_index_is_made_anew(alice, talk):
    reply = talk.messages.filter(role="assistant").first()
    for position, animal in enumerate(("quokka", "numbat")):
        keep_as(
            f"{animal}.csv",
            b"seen",
            lambda file, name, at=position: intake.take_made(
                reply, file, name, position=at, as_they_are=()
            ),
        )
    before = sorted(raw_index())
    assert sorted(names("seen", alice)) == ["numbat.csv", "quokka.csv"]
    rebuild()
    assert sorted(raw_index()) == before
    assert sorted(names("seen", alice)) == ["numbat.csv", "quokka.csv"]
    Conversation.objects.all().delete()
    assert raw_index() == []


def test_a_file_that_is_fetched_while_the_index_is_made_anew_hides_nothing(alice, talk):
    reply = talk.messages.filter(role="assistant").first()
    shared = {"owner": alice, "conversation": talk, "message": reply, "size": 0, "sha256": ""}
    Attachment.objects.create(name="quokka.csv", **shared)
    late = Attachment.objects.create(name="numbat.csv", state="fetching", **shared)
    long_ago = timezone.now() - timedelta(days=9)
    Message.objects.bulk_create(
        Message(conversation=talk, role="user", text="Hm", created_at=long_ago)
        for _number in range(index.BATCH)
    )

    def fetch_between(done, total):
        if done == index.BATCH:
            row = Attachment.objects.get(pk=late.pk)
            keep_as("", b"seen", lambda file, _name: intake.fill(row, file))

    rebuild(fetch_between)
    assert names("numbat", alice) == ["numbat.csv"]
    assert names("quokka", alice) == ["quokka.csv"]
    found = SearchEntry.objects.filter(message=reply)
    assert found.filter(attachment=None).count() == 1 and found.count() == 3


def test_a_file_that_is_fetched_under_another_name_leaves_no_word_of_the_first(alice, talk):
    reply = talk.messages.filter(role="assistant").first()
    expected = Attachment.objects.create(
        owner=alice,
        conversation=talk,
        message=reply,
        name="zebrafinch.webp",
        size=0,
        sha256="",
        state=Attachment.State.FETCHING,
        origin="c_1/f_1",
    )
    index.add_files(alice.pk, reply, [expected])
    assert any("webp" in words for words in raw_index())
    with tempfile.TemporaryFile() as file:
        file.write(made.picture())
        file.seek(0)
        intake.fill(Attachment.objects.get(pk=expected.pk), file)
    assert names("zebrafinch", alice) == ["zebrafinch.jpg"]
    assert not any("webp" in words for words in raw_index())
