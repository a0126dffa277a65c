"""Finding messages and titles by their words, with the database's own full-text index.

`terms` says what words a text is found by, `query` what a person looks for, `index` keeps the
index true, `fts5` and `tsvector` speak the two databases, `highlight` shows where it was found.
"""

from dataclasses import dataclass
from uuid import UUID

from conversations.database.statements import as_stored, from_stored, moment
from conversations.search.index import database
from conversations.search.query import parse

__all__ = ["BEST", "NEWEST", "Hit", "parse", "search"]

NEWEST, BEST = "newest", "best"
# One look: of more hits than this the newest are looked at, and `before` leads on to the others.
WINDOW = 500
# A title says more than a word in passing.
TITLE_WEIGHT = 3


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that was found: in a message, or (without one) in the conversation's title."""

    id: int
    conversation_id: UUID
    message_id: UUID | None


def search(
    query,
    owners=None,
    *,
    conversation=None,
    model="",
    since=None,
    until=None,
    trashed=False,
    order=NEWEST,
    before=None,
    limit=WINDOW,
):
    """The Hits of `query`, a text as typed or what `parse` made of it; never raises for any text.

    `owners` are ids of the people whose conversations are searched; None means everybody, which
    only the review may ask. Narrowed to one `conversation` (id), to conversations that use the
    `model`, to messages from the moment `since` until before `until`; `trashed` takes in what is
    in the trash. `before` is the id of the last Hit of the previous look. NEWEST first, or the
    BEST of the newest `limit`.
    """
    phrases = parse(query) if isinstance(query, str) else query
    owners = None if owners is None else list(owners)
    if not phrases or owners == []:
        return []
    narrowed = [
        ("entry.conversation_id = %s", as_stored(conversation)),
        ("conversation.model = %s", model),
        ("entry.created_at >= %s", moment(since)),
        ("entry.created_at < %s", moment(until)),
        ("entry.id < %s", before),
    ]
    conditions = [condition for condition, value in narrowed if value]
    values = [value for _condition, value in narrowed if value]
    if not trashed:
        conditions.append("conversation.trashed_at IS NULL")
    rows = database().find(phrases, owners, conditions, values, limit)
    if order == BEST:
        scores = database().scores(phrases, owners, [row[0] for row in rows])
        rows.sort(key=lambda row: _score(row, scores), reverse=True)
    return [Hit(pk, from_stored(found_in), from_stored(message)) for pk, found_in, message in rows]


def _score(row, scores):
    """By how well it fits, then by age; a title weighs more."""
    pk, _conversation, message = row
    return scores.get(pk, 0) * (1 if message else TITLE_WEIGHT), message is None, pk
