"""The index on SQLite: FTS5 without a copy of the text.

Two tables. `conversations_searchterms` has the words in order, for words and phrases, and its
owner as a word, so that the index itself narrows to whose it is. A beginning of one to three
letters would make FTS5 merge thousands of its lists (100 ms at 100,000 messages), so that
`conversations_searchbeginnings` has those as words of their own; without positions it adds an
eighth. Both are split at spaces and otherwise take our words as they are.

FTS5 gives words back only to who names them: to remove an entry is to say its words again.
"""

from django.db import connection

from conversations.database.statements import as_stored, moment
from conversations.models import SearchEntry
from conversations.search.entries import ids_of
from conversations.search.terms import is_unspaced

BEGINNING = 3  # letters, at most

CREATE = [
    "CREATE VIRTUAL TABLE conversations_searchterms USING "
    "fts5(owner, words, content='', tokenize='ascii')",
    "CREATE VIRTUAL TABLE conversations_searchbeginnings USING "
    "fts5(words, content='', tokenize='ascii', detail=none, columnsize=0)",
]
DROP = ["DROP TABLE conversations_searchterms", "DROP TABLE conversations_searchbeginnings"]


def insert(entries):
    """Add `entries` to the index."""
    pairs = _insert(entries)
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO conversations_searchterms(rowid, owner, words) VALUES (%s, %s, %s)",
            [(pk, _owner(entry.owner_id), " ".join(entry.words)) for pk, entry in pairs],
        )
        cursor.executemany(
            "INSERT INTO conversations_searchbeginnings(rowid, words) VALUES (%s, %s)",
            [(pk, _beginnings(entry)) for pk, entry in pairs],
        )


def _insert(entries):
    """Store the rows of `entries`: `(id, Entry)` pairs in the order of ids, as FTS5 likes them."""
    stored, waiting, taken = {}, ids_of(entries), set()
    with connection.cursor() as cursor:
        while waiting:
            for pk, entry in waiting.items():
                cursor.execute(
                    "INSERT INTO conversations_searchentry"
                    " (id, owner_id, conversation_id, message_id, created_at, part)"
                    " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO NOTHING",
                    [
                        pk,
                        entry.owner_id,
                        as_stored(entry.conversation_id),
                        as_stored(entry.message_id),
                        moment(entry.created_at),
                        entry.part,
                    ],
                )
                if cursor.rowcount:
                    stored[pk] = entry
            taken |= waiting.keys()
            waiting = ids_of([waiting[pk] for pk in waiting if pk not in stored], taken)
    return sorted(stored.items())


def delete(pairs):
    """Take `(id, Entry as it was inserted)` pairs out of the index."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO conversations_searchterms(conversations_searchterms, rowid, owner, words)"
            " VALUES ('delete', %s, %s, %s)",
            [(pk, _owner(entry.owner_id), " ".join(entry.words)) for pk, entry in pairs],
        )
        cursor.executemany(
            "INSERT INTO conversations_searchbeginnings(conversations_searchbeginnings, rowid,"
            " words) VALUES ('delete', %s, %s)",
            [(pk, _beginnings(entry)) for pk, entry in pairs],
        )
    SearchEntry.objects.filter(pk__in=[pk for pk, _entry in pairs]).delete()


def clear():
    """Empty the index."""
    SearchEntry.objects.all().delete()
    _command("delete-all")


def optimise():
    """Merge the index into one piece: faster, smaller, and deleted words leave the file."""
    _command("optimize")


def find(phrases, owners, conditions, values, limit):
    """`(id, conversation, message)` of the newest `limit` entries that have all `phrases`.

    `owners` are ids (None: everybody); `conditions` SQL over `entry` and `conversation`.
    """
    words = _match(phrases, owners)
    beginnings = _match_beginnings(phrases, owners)
    source, given = "conversations_searchterms", [words]
    if not words:
        source, given, beginnings = "conversations_searchbeginnings", [beginnings], ""
    where = [f"{source} MATCH %s", *conditions]
    given += values
    if beginnings:
        # The plus keeps SQLite from looking each of them up in the other table.
        where.append(
            "+conversations_searchterms.rowid IN"
            " (SELECT rowid FROM conversations_searchbeginnings"
            " WHERE conversations_searchbeginnings MATCH %s)"
        )
        given.append(beginnings)
    # CROSS JOIN keeps the order: along the index from its newest entry until there are enough.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT entry.id, entry.conversation_id, entry.message_id"  # noqa: S608
            f" FROM {source}"
            f" CROSS JOIN conversations_searchentry entry ON entry.id = {source}.rowid"
            " CROSS JOIN conversations_conversation conversation"
            " ON conversation.id = entry.conversation_id"
            f" WHERE {' AND '.join(where)}"
            f" ORDER BY {source}.rowid DESC LIMIT {int(limit)}",
            given,
        )
        return cursor.fetchall()


def scores(phrases, owners, ids):
    """How well the entries `ids` fit, more is better: `{id: number}`, those known."""
    words = _match(phrases, owners)
    if not (words and ids):
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            # The owner's column says nothing about how well a message fits: weight 0.
            "SELECT rowid, -bm25(conversations_searchterms, 0, 1)"
            " FROM conversations_searchterms"
            " WHERE conversations_searchterms MATCH %s AND rowid BETWEEN %s AND %s",
            [words, min(ids), max(ids)],
        )
        return dict(cursor.fetchall())


def _command(name):
    """Give both tables one of FTS5's own commands."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO conversations_searchterms(conversations_searchterms) VALUES (%s)", [name]
        )
        cursor.execute(
            "INSERT INTO conversations_searchbeginnings(conversations_searchbeginnings)"
            " VALUES (%s)",
            [name],
        )


def _owner(owner_id):
    return f"u{owner_id}"


def _beginnings(entry):
    """The short beginnings of an entry's words, and its owner: longer than any of those."""
    short = set()
    for word in entry.words:
        if is_unspaced(word):
            short.add(word[0])
        else:
            short.update(word[:length] for length in range(2, BEGINNING + 1))
    return " ".join([f"owner{entry.owner_id}", *sorted(short)])


def _match(phrases, owners):
    """The FTS5 expression of the phrases that need the words; "" where none does."""
    parts = []
    for phrase in phrases:
        if not _short_beginning(phrase):
            parts.append(f'"{" ".join(phrase.terms)}"' + (" *" if phrase.is_prefix else ""))
    if not parts:
        return ""
    match = f"words : ({' AND '.join(parts)})"
    if owners is not None:
        whose = " OR ".join(f'"{_owner(owner)}"' for owner in owners)
        match = f"owner : ({whose}) AND {match}"
    return match


def _match_beginnings(phrases, owners):
    parts = [f'"{short}"' for short in map(_short_beginning, phrases) if short]
    if parts and owners is not None:
        parts.insert(0, "(" + " OR ".join(f'"owner{owner}"' for owner in owners) + ")")
    return " AND ".join(parts)


def _short_beginning(phrase):
    """The beginning that `phrase` is, if it is short enough to have a word of its own."""
    first, *more = phrase.terms
    return first if phrase.is_prefix and not more and len(first) <= BEGINNING else ""
