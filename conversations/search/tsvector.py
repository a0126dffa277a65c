"""The index on PostgreSQL: a column `terms tsvector` with a GIN index.

Our words are cast, never parsed, so that no parser, dictionary or locale of the server matters.
The owner is one of them, `@7`, so that the index itself narrows to whose it is where several are
searched. What one person has is also found along a plain index, newest first: to merge the
thousands of words that begin with two letters costs more than to look at their entries (76 ms
against 6, at 100,000 messages).
"""

from django.db import connection

from conversations.models import SearchEntry
from conversations.search.entries import ids_of

# PostgreSQL keeps this many places of one word.
PLACES = 255
# Of one statement.
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
    " (id, owner_id, conversation_id, message_id, created_at, part, terms)"
)
DROP = ["ALTER TABLE conversations_searchentry DROP COLUMN terms"]


def insert(entries):
    """Add `entries` to the index."""
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
                    _vector(entry),
                )
                for pk, entry in waiting.items()
            ]
            stored = set()
            for start in range(0, len(rows), ROWS):
                batch = rows[start : start + ROWS]
                places = ", ".join(["(%s, %s, %s, %s, %s, %s, %s::tsvector)"] * len(batch))
                cursor.execute(
                    f"{_INSERT} VALUES {places} ON CONFLICT (id) DO NOTHING RETURNING id",
                    [value for row in batch for value in row],
                )
                stored.update(pk for (pk,) in cursor.fetchall())
            taken |= waiting.keys()
            waiting = ids_of([waiting[pk] for pk in waiting if pk not in stored], taken)


def delete(pairs):
    """Take `(id, Entry)` pairs out of the index."""
    SearchEntry.objects.filter(pk__in=[pk for pk, _entry in pairs]).delete()


def clear():
    """Empty the index."""
    SearchEntry.objects.all().delete()


def optimise():
    """Nothing to do: autovacuum does it."""


def find(phrases, owners, conditions, values, limit):
    """`(id, conversation, message)` of the newest `limit` entries that have all `phrases`.

    `owners` are ids (None: everybody); `conditions` SQL over `entry` and `conversation`.
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
            "SELECT entry.id, entry.conversation_id, entry.message_id"  # noqa: S608
            " FROM conversations_searchentry entry"
            " JOIN conversations_conversation conversation"
            " ON conversation.id = entry.conversation_id"
            f" WHERE {' AND '.join(where)}"
            f" ORDER BY entry.id DESC LIMIT {int(limit)}",
            values,
        )
        return cursor.fetchall()


def scores(phrases, owners, ids):
    """How well the entries `ids` fit, more is better: `{id: number}`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, ts_rank(terms, %s::tsquery, 1) FROM conversations_searchentry"
            " WHERE id = ANY(%s)",
            [_query(phrases, None), ids],
        )
        return dict(cursor.fetchall())


def _vector(entry):
    """The words as a tsvector is written: `'word':place,place`. They have no quote to escape."""
    places = {}
    for place, word in enumerate(entry.words, 1):
        places.setdefault(word, []).append(place)
    words = (f"'{word}':{','.join(map(str, at[:PLACES]))}" for word, at in places.items())
    return " ".join([f"'@{entry.owner_id}'", *words])


def _query(phrases, owners):
    """The tsquery that finds all `phrases` in what belongs to one of `owners`."""
    parts = []
    if owners is not None:
        parts.append("(" + " | ".join(f"'@{owner}'" for owner in owners) + ")")
    for phrase in phrases:
        words = [f"'{word}'" for word in phrase.terms]
        if phrase.is_prefix:
            words[-1] += ":*"
        parts.append("(" + " <-> ".join(words) + ")")
    return " & ".join(parts)
