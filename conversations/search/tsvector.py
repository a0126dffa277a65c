"""Full-text search index on PostgreSQL: a column `terms tsvector` of SearchEntry, with a GIN index.

The words of `terms` are cast to tsvector, never parsed, so that no parser, dictionary or locale of
the server matters. The entry's owner is one of the words, `@7`, so that the GIN lookup is limited
to owners where several are searched. For one owner the planner may instead read that person's
entries along a plain index, newest first: for a prefix of two letters, merging the thousands of
words that begin with it takes longer (76 ms against 6, at 100,000 messages).
"""

from django.db import connection

from conversations.database.statements import among, change
from conversations.models import SearchEntry
from conversations.search.entries import ids_of

# PostgreSQL keeps this many positions of one word.
PLACES = 255
# Inserted by one statement.
ROWS = 500

# The words of all but the longest messages stand in their rows. Kept apart, as PostgreSQL does
# from 2 kB on, they take twice as long to look through, and no less room.
IN_ROWS = "ALTER TABLE conversations_searchentry SET (toast_tuple_target = 8160)"
CREATE = [
    "ALTER TABLE conversations_searchentry ADD COLUMN terms tsvector NOT NULL DEFAULT ''",
    IN_ROWS,
    # What waits in GIN's pending list is read through by every query; so nothing waits.
    "CREATE INDEX conversations_searchterms ON conversations_searchentry"
    " USING gin (terms) WITH (fastupdate = off)",
]
_INSERT = (
    "INSERT INTO conversations_searchentry"
    " (id, owner_id, conversation_id, message_id, created_at, part, attachment_id, terms)"
)
DROP = ["ALTER TABLE conversations_searchentry DROP COLUMN terms"]


def insert(entries):
    """Store `entries` (Entry objects) as SearchEntry rows, their words in the column `terms`."""
    waiting, taken = ids_of(entries), set()
    with connection.cursor() as cursor:
        while waiting:
            rows = [
                (
                    pk,
                    entry.owner_id,
                    entry.conversation_id,
                    entry.message_id,
                    entry.created_at,
                    entry.part,
                    entry.attachment_id,
                    _vector(entry),
                )
                for pk, entry in waiting.items()
            ]
            stored = set()
            for start in range(0, len(rows), ROWS):
                batch = rows[start : start + ROWS]
                places = ", ".join(["(%s, %s, %s, %s, %s, %s, %s, %s::tsvector)"] * len(batch))
                cursor.execute(
                    f"{_INSERT} VALUES {places} ON CONFLICT (id) DO NOTHING RETURNING id",
                    [value for row in batch for value in row],
                )
                stored.update(pk for (pk,) in cursor.fetchall())
            taken |= waiting.keys()
            waiting = ids_of([waiting[pk] for pk in waiting if pk not in stored], taken)


def delete(pairs):
    """Delete entries from the full-text search index on PostgreSQL. `pairs` are `(id of a
    SearchEntry, Entry)`; only the ids are used."""
    ids = [pk for pk, _entry in pairs]
    change(f"DELETE FROM conversations_searchentry WHERE id {among(ids)}", *ids)  # noqa: S608


def clear():
    """Delete all entries of the full-text search index, which are the SearchEntry rows."""
    SearchEntry.objects.all().delete()


def optimise():
    """Do nothing; the counterpart of `fts5.optimise`. PostgreSQL's autovacuum tidies the table."""


def merge_piece():
    """Do nothing and return False: PostgreSQL's index has no words of rows that VACUUM removed."""
    return False


def find(phrases, owners, conditions, values, limit):
    """Return the newest `limit` entries that match all `phrases` (query.Phrase objects), newest
    first, as `(entry id, conversation id, message id, attachment id)`; the message id is None for
    a title, the attachment id for any text that is not of a file.

    `owners` are ids of people (None: everybody); `conditions` are SQL conditions on the tables
    `entry` (SearchEntry) and `conversation`, and `values` their parameters.
    """
    if owners is not None and len(owners) == 1:
        # By the words or, where those are common, along the owner's entries: the planner decides.
        where = ["entry.owner_id = %s", "entry.terms @@ %s::tsquery", *conditions]
        values = [*owners, _query(phrases, None), *values]
    else:
        where = ["entry.terms @@ %s::tsquery", *conditions]
        values = [_query(phrases, owners), *values]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT entry.id, entry.conversation_id, entry.message_id, entry.attachment_id"  # noqa: S608
            " FROM conversations_searchentry entry"
            " JOIN conversations_conversation conversation"
            " ON conversation.id = entry.conversation_id"
            f" WHERE {' AND '.join(where)}"
            f" ORDER BY entry.id DESC LIMIT {int(limit)}",
            values,
        )
        return cursor.fetchall()


def scores(phrases, owners, ids):
    """Return `{entry id: relevance}` for the entries `ids`, from `ts_rank` of `phrases`: a greater
    number is a better match. `owners` is not used; `fts5.scores` has it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, ts_rank(terms, %s::tsquery, 1) FROM conversations_searchentry"
            " WHERE id = ANY(%s)",
            [_query(phrases, None), ids],
        )
        return dict(cursor.fetchall())


def _vector(entry):
    """Return an Entry's words and owner in the text form of a tsvector: `'word':position,position`.
    No word has a quote that would need escaping."""
    places = {}
    for place, word in enumerate(entry.words, 1):
        places.setdefault(word, []).append(place)
    words = (f"'{word}':{','.join(map(str, at[:PLACES]))}" for word, at in places.items())
    return " ".join([f"'@{entry.owner_id}'", *words])


def _query(phrases, owners):
    """Return the text of a tsquery that matches the entries of `owners` (ids of people; None:
    everybody) with all `phrases` (query.Phrase objects)."""
    parts = []
    if owners is not None:
        parts.append("(" + " | ".join(f"'@{owner}'" for owner in owners) + ")")
    for phrase in phrases:
        words = [f"'{word}'" for word in phrase.terms]
        if phrase.is_prefix:
            words[-1] += ":*"
        parts.append("(" + " <-> ".join(words) + ")")
    return " & ".join(parts)
