"""Entries of the full-text search index: one for each title, message and file of a message, several
for a text of more than PART words."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import randrange
from uuid import UUID

from conversations.search.terms import prepare, symbol_words, words

# PostgreSQL knows no position beyond 16,383 in a tsvector, and none of 1 MB.
PART = 12_000  # words
# Parts overlap, so that a phrase is found across their border.
OVERLAP = 40  # words
# The parts of what tools did count from here, those of the text from 0: so the entries of a text
# are the same whether or not tools did anything.
TOOLS = 1_000_000


EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """Entry of the full-text search index: up to PART + OVERLAP `words` of one text and its words
    with symbols, and the ids that it belongs to. `message_id` is None for a conversation's title,
    `attachment_id` for any text that is not of a file; `part` counts the entries of one text from
    0, those of what a message's tools did from TOOLS."""

    owner_id: int
    conversation_id: UUID
    message_id: UUID | None
    created_at: datetime
    part: int
    words: list
    attachment_id: UUID | None = None


def entries(
    owner_id, conversation_id, message_id, created_at, text, attachment_id=None, of_tools=""
):
    """Return a list of Entries for `text`: that of a message, of the file `attachment_id` in a
    message, or a conversation's title where `message_id` is None; and for `of_tools`, what the
    tools of a message did. An empty list where neither has words or symbols.

    `owner_id` and `conversation_id` are the ids of the conversation and its owner. `created_at`
    (datetime) is when the text was written: search results are in this order.
    """
    return [
        Entry(
            owner_id,
            conversation_id,
            message_id,
            created_at,
            first + part,
            said,
            attachment_id,
        )
        for first, whole in ((0, text), (TOOLS, of_tools))
        for part, said in enumerate(_parts(whole))
    ]


def _parts(text):
    """Split `text` into its index words, and return a list of lists of them: each has up to
    PART words, the OVERLAP words after them, and all words with symbols in the text."""
    prepared = prepare(text)
    said, symbols = words(prepared), symbol_words(prepared)
    return [
        # Words with symbols belong to no place, so each part has them all.
        [*said[start : start + PART + OVERLAP], *symbols]
        for start in range(0, max(len(said), bool(symbols)), PART)
    ]


def ids_of(entries, taken=()):
    """Return `{id: Entry}` for Entries that are to be stored, sorted by the ids made for them.

    An id is the entry's `created_at` in milliseconds since 2000, times 16, so that the newest
    entries are found along the primary key, even where old messages were imported today. A title
    comes before a message of the same time. An id that is in `taken` (ids in use), or that another
    of the entries got, is replaced by a greater one nearby.
    """
    found = {}
    for entry in entries:
        moment = (entry.created_at - EPOCH) // timedelta(milliseconds=1)
        pk = 16 * moment + (entry.message_id is not None) + min(entry.part, 14)
        attempt = 0
        while pk in found or pk in taken:
            pk += 1 + randrange(16 * 4 ** min(attempt, 12))  # noqa: S311 (no secret)
            attempt += 1
        found[pk] = entry
    return dict(sorted(found.items()))
