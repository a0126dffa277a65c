"""Updates of the full-text search index when messages and titles are written or deleted.

The functions that add or change texts must be called in the transaction that writes the text. For
deletions `forget_message` and `forget_conversation` are signal receivers, called for cascades too.
Only final text is indexed: a person's message at once, a reply when it has ended.
"""

import heapq

from django.db import connection, transaction

from conversations.database.statements import among, rows
from conversations.models import Conversation, Message, SearchEntry
from conversations.search import fts5, tsvector
from conversations.search.entries import entries

BATCH = 200  # of a rebuild; each is a transaction of its own

_MESSAGE = ("conversation__owner_id", "conversation_id", "pk", "created_at", "text")
_TITLE = ("owner_id", "pk", "created_at", "title")

# To be followed by `IN (…)`.
_MESSAGES = (
    "SELECT entry.id, owner_id, part, message_id, text FROM conversations_searchentry entry"
    " JOIN conversations_message ON conversations_message.id = message_id"
    " WHERE message_id"
)
_TITLES = (
    "SELECT entry.id, entry.owner_id, part, conversation_id, title, message_id"
    " FROM conversations_searchentry entry"
    " JOIN conversations_conversation ON conversations_conversation.id = conversation_id"
    " WHERE conversation_id"
)


def database():
    """Return the module that holds the search index of this site's database: `fts5` (SQLite) or
    `tsvector` (PostgreSQL). Both have the same functions, such as `insert`, `find` and `clear`."""
    return fts5 if connection.vendor == "sqlite" else tsvector


def add_text(owner_id, conversation_id, message_id, created_at, text):
    """Add the final `text` of a message, or of a conversation's title where `message_id` is None,
    to the full-text search index; `created_at` (datetime) is when it was written.

    Runs no SELECT, since it is called at the end of each reply.
    """
    _add([(owner_id, conversation_id, message_id, created_at, text)])


def add_question(conversation, question, *, titled):
    """Add `question`, a person's Message in `conversation`, to the full-text search index; if
    `titled` (the conversation is new), the conversation's title too.

    Runs no SELECT, since each reply waits for it before its first word.
    """
    owner_id, whose = conversation.owner_id, conversation.pk
    title = (owner_id, whose, None, conversation.created_at, conversation.title)
    text = (owner_id, whose, question.pk, question.created_at, question.text)
    _add([title, text] if titled else [text])


def add_texts(rows):
    """Add many texts to the full-text search index. `rows` are tuples `(owner_id, conversation_id,
    message_id, created_at, text)`; the text is a title where `message_id` is None."""
    _add(rows)


def add_conversation(conversation_id):
    """Add the title and all messages of the stored conversation with the id `conversation_id` to
    the full-text search index; none of them may be in it already."""
    messages = Message.objects.filter(conversation_id=conversation_id).order_by("created_at")
    _add([*_titles([conversation_id]), *messages.values_list(*_MESSAGE)])


def change_title(conversation_id, title, **fields):
    """Set the `title` of a conversation, and with it other `fields` of its row, in the database,
    and replace the old title in the full-text search index.

    Must be called in a transaction that has locked the conversation's row.
    """
    _forget(conversation_id=conversation_id, message_id=None)
    Conversation.objects.filter(pk=conversation_id).update(title=title, **fields)
    _add(_titles([conversation_id]))


def forget_message(instance, **kwargs):
    """Remove the Message `instance` from the full-text search index, before it is deleted or its
    text replaced. A receiver of the signal `pre_delete`; its other arguments are not used."""
    _forget(message_id=instance.pk)


def forget(message_ids, conversation_ids):
    """Remove messages, and the titles of conversations, from the full-text search index, before
    they are deleted; lists of their ids, as the database holds them. Many at once take a fraction
    of the time of one by one."""
    if message_ids:
        _remove(rows(f"{_MESSAGES} {among(message_ids)}", *message_ids))
    if conversation_ids:
        # Not asked of the database, which may then read all titles along the index of messages.
        found = rows(f"{_TITLES} {among(conversation_ids)}", *conversation_ids)
        _remove(row for *row, message_id in found if message_id is None)


def forget_conversation(instance, **kwargs):
    """Remove the title of the Conversation `instance` from the full-text search index, before it is
    deleted. A receiver of the signal `pre_delete`; its other arguments are not used."""
    _forget(conversation_id=instance.pk, message_id=None)


def rebuild(report=lambda done, total: None):
    """Empty the full-text search index and fill it again from all messages and titles; return
    their number. The site may be in use, but searches find only what is indexed again so far.

    `report(done, total)` is called after each BATCH of texts, with numbers of texts, for progress.
    """
    with transaction.atomic():
        database().clear()
    messages = Message.objects.exclude(text="").order_by("created_at")
    titles = Conversation.objects.exclude(title="").order_by("created_at")
    # By age, since the order of the entries is the order of what is found.
    texts = list(
        heapq.merge(
            ((at, "message", pk) for at, pk in messages.values_list("created_at", "pk")),
            ((at, "title", pk) for at, pk in titles.values_list("created_at", "pk")),
            key=lambda row: row[0],
        )
    )
    for start in range(0, len(texts), BATCH):
        batch = texts[start : start + BATCH]
        with transaction.atomic():
            _add_missing(
                [pk for _at, kind, pk in batch if kind == "message"],
                [pk for _at, kind, pk in batch if kind == "title"],
            )
        report(start + len(batch), len(texts))
    with transaction.atomic():
        database().optimise()
    return len(texts)


def _add_missing(message_ids, conversation_ids):
    """Index the messages and titles with these ids that are not in the index yet (a person may
    have added some meanwhile). Their rows are locked, so that none is deleted meanwhile."""
    list(Message.objects.select_for_update().filter(pk__in=message_ids).values_list("pk"))
    list(Conversation.objects.select_for_update().filter(pk__in=conversation_ids).values_list("pk"))
    known = SearchEntry.objects.filter(message_id__in=message_ids).values("message_id")
    titled = SearchEntry.objects.filter(conversation_id__in=conversation_ids, message_id=None)
    messages = Message.objects.filter(pk__in=message_ids).exclude(pk__in=known)
    titles = set(conversation_ids) - set(titled.values_list("conversation_id", flat=True))
    rows = [*messages.values_list(*_MESSAGE), *_titles(titles)]
    _add(sorted(rows, key=lambda row: row[3]))


def _titles(conversation_ids):
    """Return tuples for `_add` of the titles of the conversations with these ids."""
    rows = Conversation.objects.filter(pk__in=conversation_ids).values_list(*_TITLE)
    return [(owner, pk, None, at, title) for owner, pk, at, title in rows]


def _add(rows):
    """Add texts to the full-text search index; `rows` are the tuples of `add_texts`."""
    found = [entry for row in rows for entry in entries(*row)]
    if found:
        database().insert(found)


def _forget(**which):
    """Remove the entries that match `which` (filters of the model SearchEntry) from the full-text
    search index. SQLite needs the words of each entry for that; they are made again from the stored
    text."""
    found = SearchEntry.objects.filter(**which).values_list(
        *("pk", "owner_id", "part", "conversation_id", "message_id"),
        *("message__text", "conversation__title"),
    )
    _remove(
        (pk, owner, part, message or conversation, text if message else title)
        for pk, owner, part, conversation, message, text, title in found
    )


def _remove(found):
    """Remove entries from the full-text search index. `found` is a list of `(id of the entry, id of
    its owner, part, id of the message or, for a title, of the conversation, its whole text)`."""
    pairs, texts = [], {}
    for pk, owner, part, whose, text in found:
        if whose not in texts:
            # Only the words are used of what is made here.
            texts[whose] = entries(owner, None, whose, None, text)
        pairs.append((pk, texts[whose][part]))
    if pairs:
        database().delete(pairs)
