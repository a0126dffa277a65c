"""Full-text search in the messages, files and titles of conversations, by the database's own index.

`terms` splits a text into the words to index, `query` parses what a person typed, `index` updates
the full-text search index when texts change, `fts5` (SQLite) and `tsvector` (PostgreSQL) hold its
SQL, `highlight` cuts out the passage with the matches.
"""

from dataclasses import dataclass
from uuid import UUID

from conversations.database.statements import as_stored, from_stored, moment
from conversations.search.index import database
from conversations.search.query import parse

__all__ = ["BEST", "NEWEST", "Hit", "parse", "search"]

NEWEST, BEST = "newest", "best"
# Most hits of one search: of more the newest are returned, and `before` leads on to the others.
WINDOW = 500
# A match in a title counts as much as this many in a message.
TITLE_WEIGHT = 3


@dataclass(frozen=True, slots=True)
class Hit:
    """Search hit: a message, the file `attachment_id` of a message, or a conversation's title where
    `message_id` is None. `id` is the id of the SearchEntry that was found."""

    id: int
    conversation_id: UUID
    message_id: UUID | None
    attachment_id: UUID | None = None


# The file of an entry, unless a virus check forbids to show it.
_READY_FILE = (
    "SELECT 1 FROM conversations_attachment file"
    " WHERE file.id = entry.attachment_id AND file.state = 'ready'"
)


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
    """Search messages, their files (names and extracted text) and titles for `query`, a text as
    typed or the Phrases that `parse` returned; return a list of Hits. Any text is accepted; one
    without words has no Hits.

    `owners` are ids of the people whose conversations are searched; None means everybody, which
    only the pages for reviewers may ask. Filters: a `conversation` (its id; None: any), a `model`
    (the name of the conversation's language model; "": any), texts written from `since` on and
    before `until` (datetimes; None: any). Temporary conversations, those in the trash, and files
    that are deleted for their owner but kept under a legal hold are included only if `trashed` is
    True, which only the pages for reviewers may ask.

    The newest `limit` Hits are returned or, with `before` (the id of the oldest Hit of the previous
    search, in the order NEWEST its last), the newest ones older than that. `order` is NEWEST
    (first) or BEST (the same Hits, sorted by relevance).
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
    file = _READY_FILE
    if not trashed:
        file += " AND file.hidden_at IS NULL"
        conditions.append("conversation.trashed_at IS NULL")
        conditions.append("NOT conversation.temporary")
    conditions.append(f"(entry.attachment_id IS NULL OR EXISTS ({file}))")
    rows = database().find(phrases, owners, conditions, values, limit)
    if order == BEST:
        scores = database().scores(phrases, owners, [row[0] for row in rows])
        rows.sort(key=lambda row: _score(row, scores), reverse=True)
    return [Hit(pk, *map(from_stored, ids)) for pk, *ids in rows]


def _score(row, scores):
    """Return the sort key for the order BEST of `row`, a tuple that `find` returned: its relevance
    in `scores` (a dict by entry id), that of a title times TITLE_WEIGHT. Where it is equal, titles
    come first, then newer entries."""
    pk, _conversation, message, _attachment = row
    return scores.get(pk, 0) * (1 if message else TITLE_WEIGHT), message is None, pk
