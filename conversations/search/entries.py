"""What stands in the index: one entry a message, more for a very long one, and one a title."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import randrange
from uuid import UUID

from conversations.search.terms import symbol_words, words

# PostgreSQL knows no position beyond 16,383 in a tsvector, and none of 1 MB.
PART = 12_000  # words
# Parts overlap, so that a phrase is found across their border.
OVERLAP = 40  # words


EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """What is stored of one part: whose it is, where it stands, and the `words` it is found by."""

    owner_id: int
    conversation_id: UUID
    message_id: UUID | None
    created_at: datetime
    part: int
    words: list


def entries(owner_id, conversation_id, message_id, created_at, text):
    """The Entries of a message's or a title's `text`; none where it has no words."""
    said, symbols = words(text), symbol_words(text)
    return [
        Entry(
            owner_id,
            conversation_id,
            message_id,
            created_at,
            part,
            # Words with symbols belong to no place, so each part has them all.
            [*said[start : start + PART + OVERLAP], *symbols],
        )
        for part, start in enumerate(range(0, max(len(said), bool(symbols)), PART))
    ]


def ids_of(entries, taken=()):
    """`{id: Entry}` for new entries: ids that are in the order of time.

    An id is the entry's time in milliseconds since 2000, times 16, so that the newest entries are
    found along the primary key, whenever they were stored: an import belongs where it was said.
    A title stands before a message of the same moment. Where an id is in `taken`, or two are the
    same, it is a little later.
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
