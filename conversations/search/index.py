"""Keeping the index true. What adds is called in the transaction that writes the text.

Deletions need no call: `forget_message` and `forget_conversation` hear of each one, cascades
included. Only final text goes in: a person's at once, a reply's when it has ended.
"""

import heapq

from django.db import connection, transaction

from conversations.models import Conversation, Message, SearchEntry
from conversations.search import fts5, tsvector
from conversations.search.entries import entries

BATCH = 200  # of a rebuild; each is a transaction of its own

_MESSAGE = ("conversation__owner_id", "conversation_id", "pk", "created_at", "text")
_TITLE = ("owner_id", "pk", "created_at", "title")


def database():
    """The half that speaks this site's database."""
    return fts5 if connection.vendor == "sqlite" else tsvector


def add_text(owner_id, conversation_id, message_id, created_at, text):
    """Put one final text into the index, a title where `message_id` is None. Nothing is read:
    this is on the way to every end."""
    _add([(owner_id, conversation_id, message_id, created_at, text)])


def add_question(conversation, question, *, titled):
    """Put a person's message into the index, and with it the title of a new conversation. Nothing
    is read: this is on the way to every first word."""
    owner_id, whose = conversation.owner_id, conversation.pk
    title = (owner_id, whose, None, conversation.created_at, conversation.title)
    text = (owner_id, whose, question.pk, question.created_at, question.text)
    _add([title, text] if titled else [text])


def add_texts(rows):
    """Put many texts into the index: `(owner_id, conversation_id, message_id, created_at, text)`
    of each, a title where `message_id` is None."""
    _add(rows)


def add_conversation(conversation_id):
    """Put the title and the messages of a conversation that was brought in into the index."""
    messages = Message.objects.filter(conversation_id=conversation_id).order_by("created_at")
    _add([*_titles([conversation_id]), *messages.values_list(*_MESSAGE)])


def change_title(conversation_id, title, **fields):
    """Give the conversation another `title`, and other `fields` with it, in the index too.

    Call it in a transaction that has locked the conversation.
    """
    _forget(conversation_id=conversation_id, message_id=None)
    Conversation.objects.filter(pk=conversation_id).update(title=title, **fields)
    _add(_titles([conversation_id]))


def forget_message(instance, **kwargs):
    """Before a message is deleted: take it out of the index."""
    _forget(message_id=instance.pk)


def forget_conversation(instance, **kwargs):
    """Before a conversation is deleted: take its title out of the index."""
    _forget(conversation_id=instance.pk, message_id=None)


def rebuild(report=lambda done, total: None):
    """Make the index anew; the site goes on meanwhile. Returns how many texts it has.

    `report(done, total)` is called now and then.
    """
    with transaction.atomic():
        database().clear()
    messages = Message.objects.exclude(text="").order_by("created_at")
    titles = Conversation.objects.exclude(title="").order_by("created_at")
    # By age, since the order of the entries is the order of what is found.
    rows = list(
        heapq.merge(
            ((at, "message", pk) for at, pk in messages.values_list("created_at", "pk")),
            ((at, "title", pk) for at, pk in titles.values_list("created_at", "pk")),
            key=lambda row: row[0],
        )
    )
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        with transaction.atomic():
            _add_missing(
                [pk for _at, kind, pk in batch if kind == "message"],
                [pk for _at, kind, pk in batch if kind == "title"],
            )
        report(start + len(batch), len(rows))
    with transaction.atomic():
        database().optimise()
    return len(rows)


def _add_missing(message_ids, conversation_ids):
    """Add what a person did not add meanwhile; locked, so that nobody deletes it either."""
    list(Message.objects.select_for_update().filter(pk__in=message_ids).values_list("pk"))
    list(Conversation.objects.select_for_update().filter(pk__in=conversation_ids).values_list("pk"))
    known = SearchEntry.objects.filter(message_id__in=message_ids).values("message_id")
    titled = SearchEntry.objects.filter(conversation_id__in=conversation_ids, message_id=None)
    messages = Message.objects.filter(pk__in=message_ids).exclude(pk__in=known)
    titles = set(conversation_ids) - set(titled.values_list("conversation_id", flat=True))
    rows = [*messages.values_list(*_MESSAGE), *_titles(titles)]
    _add(sorted(rows, key=lambda row: row[3]))


def _titles(conversation_ids):
    rows = Conversation.objects.filter(pk__in=conversation_ids).values_list(*_TITLE)
    return [(owner, pk, None, at, title) for owner, pk, at, title in rows]


def _add(rows):
    found = [entry for row in rows for entry in entries(*row)]
    if found:
        database().insert(found)


def _forget(**which):
    """Take entries out; on SQLite by the words they went in with, made from the text again."""
    rows = SearchEntry.objects.filter(**which).values_list(
        *("pk", "owner_id", "conversation_id", "message_id", "created_at", "part"),
        *("message__text", "conversation__title"),
    )
    pairs, texts = [], {}
    for pk, owner, conversation, message, at, part, text, title in rows:
        if message not in texts:
            texts[message] = entries(owner, conversation, message, at, text if message else title)
        pairs.append((pk, texts[message][part]))
    if pairs:
        database().delete(pairs)
