"""What stands in the index: one entry a message, more for a very long one, and one a title."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from conversations.search.terms import terms

# PostgreSQL knows no position beyond 16,383 in a tsvector, and none of 1 MB.
PART = 12_000  # words
# Parts overlap, so that a phrase is found across their border.
OVERLAP = 40  # words


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
    words = terms(text)
    return [
        Entry(
            owner_id,
            conversation_id,
            message_id,
            created_at,
            part,
            words[start : start + PART + OVERLAP],
        )
        for part, start in enumerate(range(0, len(words), PART))
    ]
