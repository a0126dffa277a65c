"""Updates of the full-text search index when messages, their files and titles are written or
deleted.

The functions that add or change texts must be called in the transaction that writes the text. For
deletions `forget_message`, `forget_file` and `forget_conversation` are signal receivers, called for
cascades too. Only final text is indexed: a person's message and its files at once, a reply when it
has ended.
"""

import heapq
from itertools import groupby
from operator import attrgetter

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q

from conversations.database.statements import among, as_stored, from_stored, rows
from conversations.items import searched_of
from conversations.models import Attachment, Conversation, Message, SearchEntry
from conversations.search import file_texts, fts5, tsvector
from conversations.search.entries import TOOLS, Entry, entries

BATCH = 200  # of a rebuild; each is a transaction of its own
# Messages whose items, or files whose texts, are read at once: each may have megabytes.
AT_ONCE = 20

_MESSAGE = ("conversation__owner_id", "conversation_id", "pk", "created_at", "text")
_TITLE = ("owner_id", "pk", "created_at", "title")
_FILE = (
    *("name", "text", "indexed", "conversation__owner"),
    *("message__conversation", "message__created_at"),
)
_NOT_THERE = (Attachment.State.FETCHING, Attachment.State.MISSING)
_HAS_FILES = Exists(Attachment.with_hidden.filter(message=OuterRef("pk")))

# To be followed by `IN (…)`. Entries of a message and of its files.
_MESSAGES = (
    "SELECT entry.id, entry.owner_id, part, COALESCE(attachment_id, entry.message_id),"  # noqa: S608
    f" COALESCE({file_texts.INDEXED}, message.text) FROM conversations_searchentry entry"
    " JOIN conversations_message message ON message.id = entry.message_id"
    " LEFT JOIN conversations_attachment file ON file.id = attachment_id"
    " WHERE entry.message_id"
)
_FILES = (
    f"SELECT entry.id, entry.owner_id, part, attachment_id, {file_texts.INDEXED}"  # noqa: S608
    " FROM conversations_searchentry entry"
    " JOIN conversations_attachment file ON file.id = attachment_id"
    " WHERE attachment_id"
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


def add_text(owner_id, conversation_id, message_id, created_at, text, items=None):
    """Add the final `text` of a message (of a conversation's title where `message_id` is None) to
    the full-text search index, and what tools did according to `items`, the message's output items
    (None: it has none). `created_at` (datetime) is when it was written.

    Runs no SELECT, since it is called at the end of each reply.
    """
    of_tools = searched_of(items) if items else ""
    _add([(owner_id, conversation_id, message_id, created_at, text, None, of_tools)])


def add_question(conversation, question, *, titled):
    """Add `question`, a person's Message in `conversation`, to the full-text search index; if
    `titled` (the conversation is new), the conversation's title too.

    Runs no SELECT, since each reply waits for it before its first word.
    """
    owner_id, whose = conversation.owner_id, conversation.pk
    title = (owner_id, whose, None, conversation.created_at, conversation.title)
    text = row_of(owner_id, question)
    _add([title, text] if titled else [text])


def entries_of(rows):
    """Return a list of Entries for many texts, to be given to `add_entries`. Many texts are best
    split before the transaction that writes them, since that takes longer than storing the entries.

    `rows` are tuples of the arguments of `entries`: `(owner_id, conversation_id, message_id,
    created_at, text)` and, optionally, `attachment_id` and `of_tools` (see `row_of`). The text is a
    title where `message_id` is None.
    """
    return [entry for row in rows for entry in entries(*row)]


def add_entries(found):
    """Add `found`, a list of Entries that `entries_of` returned, to the full-text search index, in
    the transaction that writes their texts."""
    if found:
        database().insert(found)


def add_files(owner_id, message, attachments):
    """Add the names and texts of `attachments`, all stored Attachments of the Message `message`, to
    the full-text search index; of long texts only a part, whose length is noted in their rows.
    `owner_id` is the id of the conversation's owner."""
    _add(file_texts.noted(owner_id, message, attachments))


def add_conversation(conversation_id):
    """Add the title and all messages of the stored conversation with the id `conversation_id`, with
    their files, to the full-text search index; none of them may be in it already."""
    messages = Message.objects.filter(conversation_id=conversation_id).order_by("created_at")
    _add([*_titles([conversation_id]), *_texts(messages)])
    _add_files_of(messages.values_list("pk", flat=True))


def change_title(conversation_id, title, **fields):
    """Set the `title` of a conversation, and with it other `fields` of its row, in the database,
    and replace the old title in the full-text search index.

    Must be called in a transaction that has locked the conversation's row.
    """
    forget([], [as_stored(conversation_id)])
    Conversation.objects.filter(pk=conversation_id).update(title=title, **fields)
    _add(_titles([conversation_id]))


def forget_message(instance, **kwargs):
    """Remove the Message `instance` and its files from the full-text search index, before it is
    deleted or its text replaced. A receiver of the signal `pre_delete`; its other arguments are not
    used."""
    forget([as_stored(instance.pk)], [])


def forget_file(instance, **kwargs):
    """Remove the Attachment `instance` from the full-text search index, before it is deleted. A
    receiver of the signal `pre_delete`; its other arguments are not used."""
    if instance.message_id is not None:
        _remove(rows(f"{_FILES} = %s", as_stored(instance.pk)))


def forget(message_ids, conversation_ids):
    """Remove messages with their files, and the titles of conversations, from the full-text search
    index, before they are deleted. Both are lists of ids in the form in which the database holds
    them (`as_stored`). Many at once take a fraction of the time of one by one."""
    if message_ids:
        _remove(rows(f"{_MESSAGES} {among(message_ids)}", *message_ids))
    if conversation_ids:
        # Not asked of the database, which may then read all titles along the index of messages.
        found = rows(f"{_TITLES} {among(conversation_ids)}", *conversation_ids)
        _remove(row for *row, message_id in found if message_id is None)


def forget_conversation(instance, **kwargs):
    """Remove the title of the Conversation `instance` from the full-text search index, before it is
    deleted. A receiver of the signal `pre_delete`; its other arguments are not used."""
    forget([], [as_stored(instance.pk)])


def rebuild(report=lambda done, total: None):
    """Empty the full-text search index and fill it again from all messages, their files and titles;
    return the number of messages and titles. The site may be in use, but searches find only what is
    indexed again so far.

    `report(done, total)` is called after each BATCH of texts, with numbers of texts, for progress.
    """
    with transaction.atomic():
        database().clear()
    # One without a text may have files, or tools that did something.
    has_text = ~Q(text="") | Q(items__isnull=False) | _HAS_FILES
    messages = Message.objects.filter(has_text).order_by("created_at")
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
    entries_of_texts = SearchEntry.objects.filter(message_id__in=message_ids, attachment=None)
    known = entries_of_texts.values("message_id")
    titled = SearchEntry.objects.filter(conversation_id__in=conversation_ids, message_id=None)
    messages = Message.objects.filter(pk__in=message_ids).exclude(pk__in=known)
    titles = set(conversation_ids) - set(titled.values_list("conversation_id", flat=True))
    rows = [*_texts(messages), *_titles(titles)]
    _add(sorted(rows, key=lambda row: row[3]))
    _add_files_of(message_ids)


def _add_files_of(message_ids):
    """Add the files of the messages with these ids to the full-text search index, those that people
    sent and those that replies made, as far as they are not in it yet. One that is yet to be
    fetched from the gateway is added when it comes."""
    entries_of_files = SearchEntry.objects.filter(
        message_id__in=message_ids, attachment__isnull=False
    )
    known = list(entries_of_files.values_list("attachment_id", flat=True))
    files = Attachment.with_hidden.filter(message_id__in=message_ids)
    files = files.exclude(pk__in=known).exclude(state__in=_NOT_THERE)
    files = files.select_related("message", "conversation").only(*_FILE)
    files = files.order_by("message_id", "position")
    for _message_id, found in groupby(files.iterator(AT_ONCE), attrgetter("message_id")):
        attachments = list(found)
        first = attachments[0]
        add_files(first.conversation.owner_id, first.message, attachments)


def row_of(owner_id, message):
    """Return the tuple for `entries_of` of `message` (a Message) with its text and what its tools
    did; `owner_id` is the id of the conversation's owner."""
    of_tools = searched_of(message.items) if message.items else ""
    ids = (owner_id, message.conversation_id, message.pk)
    return (*ids, message.created_at, message.text, None, of_tools)


def _texts(messages):
    """Yield a tuple, as `row_of` returns, for each Message of the queryset `messages`."""
    for *row, items in messages.values_list(*_MESSAGE, "items").iterator(AT_ONCE):
        yield (*row, None, searched_of(items) if items else "")


def _titles(conversation_ids):
    """Return a list of tuples for `entries_of`: the titles of the conversations with these ids."""
    rows = Conversation.objects.filter(pk__in=conversation_ids).values_list(*_TITLE)
    return [(owner, pk, None, at, title) for owner, pk, at, title in rows]


def _add(rows):
    """Add texts to the full-text search index; `rows` are tuples as `entries_of` takes."""
    add_entries(entries_of(rows))


def _remove(found):
    """Remove entries from the full-text search index. `found` is a list of `(id of the entry, id of
    its owner, part, id of the message, of the file or, for a title, of the conversation, the whole
    text that was indexed)`."""
    found = list(found)
    of_tools = _of_tools({whose for _pk, _owner, part, whose, _text in found if part >= TOOLS})
    pairs, made = [], {}
    for pk, owner, part, whose, text in found:
        if whose not in made:
            # Only the words are used of what is made here.
            these = entries(owner, None, whose, None, text, None, of_tools.get(whose, ""))
            made[whose] = {entry.part: entry for entry in these}
        # Without words only where a row was changed by hand: nothing may keep it from deletion.
        pairs.append((pk, made[whose].get(part) or Entry(owner, None, whose, None, part, [])))
    if pairs:
        database().delete(pairs)


def _of_tools(message_ids):
    """Return `{id: text}` for those of the messages that have output items: what their tools did,
    as it was indexed. The ids are in the form in which the database holds them (`as_stored`)."""
    ids, found = list(message_ids), {}
    for start in range(0, len(ids), AT_ONCE):
        some = {from_stored(pk): pk for pk in ids[start : start + AT_ONCE]}
        stored = Message.objects.filter(pk__in=list(some)).values_list("pk", "items")
        found.update({some[pk]: searched_of(items) for pk, items in stored if items})
    return found
