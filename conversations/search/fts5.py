"""Full-text search index on SQLite: two FTS5 tables that store no copy of the text.

`conversations_searchterms` has the words of each entry in order, for words and phrases, and the
entry's owner as a word, so that the FTS5 lookup is limited to owners. A prefix of one to three
letters would make FTS5 merge thousands of its lists (100 ms at 100,000 messages); so
`conversations_searchbeginnings` has those prefixes as words of their own. It stores no positions,
and so adds only an eighth to the size. The tokenizer of both only splits the words of `terms` at
spaces.

Since FTS5 keeps no text here, it removes an entry only if it is given the entry's words again.
"""

from operator import itemgetter

from django.db import IntegrityError, connection

from conversations.database.statements import among, as_stored, change, moment
from conversations.models import SearchEntry
from conversations.search.entries import ids_of
from conversations.search.terms import unspaced_in

BEGINNING = 3  # letters, at most
ROWS = 100  # inserted by one statement, which may have 999 values
MERGED_PAGES = 100  # of an index, that one piece of a merge writes

CREATE = [
    "CREATE VIRTUAL TABLE conversations_searchterms USING "
    "fts5(owner, words, content='', tokenize='ascii')",
    "CREATE VIRTUAL TABLE conversations_searchbeginnings USING "
    "fts5(words, content='', tokenize='ascii', detail=none, columnsize=0)",
]
DROP = ["DROP TABLE conversations_searchterms", "DROP TABLE conversations_searchbeginnings"]


def insert(entries):
    """Store `entries` (Entry objects) as SearchEntry rows, their words in the two FTS5 tables."""
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
    """Store a SearchEntry row for each of `entries`, and return `(id, Entry)` pairs sorted by id,
    the order in which FTS5 inserts fastest."""
    stored, waiting, taken = [], ids_of(entries), set()
    while waiting:
        pairs, refused = list(waiting.items()), []
        for start in range(0, len(pairs), ROWS):
            batch = pairs[start : start + ROWS]
            try:
                _store(batch)
                stored += batch
            except IntegrityError:
                # An id of them may be taken, by a text of the same millisecond: which one is not
                # told. Of one row only that is passed over, any other fault is raised again.
                for pair in batch:
                    is_stored = _store([pair], "ON CONFLICT (id) DO NOTHING")
                    (stored if is_stored else refused).append(pair)
        taken |= waiting.keys()
        waiting = ids_of([entry for _pk, entry in refused], taken)
    return sorted(stored, key=itemgetter(0))


def _store(pairs, clause=""):
    """Store a SearchEntry row for each of `pairs`, `(id, Entry)`, by one statement that ends with
    the SQL text `clause`; return how many were stored.

    Raises IntegrityError, and stores none of them, if one breaks a rule of the table.
    """
    row = "(%s, %s, %s, %s, %s, %s, %s)"
    values = []
    for pk, entry in pairs:
        values += (
            pk,
            entry.owner_id,
            as_stored(entry.conversation_id),
            as_stored(entry.message_id),
            moment(entry.created_at),
            entry.part,
            as_stored(entry.attachment_id),
        )
    return change(
        "INSERT INTO conversations_searchentry"  # noqa: S608
        " (id, owner_id, conversation_id, message_id, created_at, part, attachment_id)"
        f" VALUES {', '.join([row] * len(pairs))} {clause}",
        *values,
    )


def delete(pairs):
    """Delete entries from the FTS5 tables and SearchEntry. `pairs` are `(id, Entry)`; each Entry
    must have the owner and the words it was inserted with, since FTS5 finds them by these."""
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
    ids = [pk for pk, _entry in pairs]
    change(f"DELETE FROM conversations_searchentry WHERE id {among(ids)}", *ids)  # noqa: S608


def clear():
    """Delete all entries of the full-text search index: SearchEntry rows and FTS5 tables."""
    SearchEntry.objects.all().delete()
    _command("delete-all")


def optimise():
    """Run FTS5's `optimize`, which merges each table's lists: searches get faster, the tables
    smaller, and words of deleted entries are no longer kept."""
    _command("optimize")


def merge_piece():
    """Do a piece of what `optimise` does, within some milliseconds; return True if more is left,
    which FTS5 tells by the number of rows that the statement changed."""
    left = False
    for table in ("conversations_searchterms", "conversations_searchbeginnings"):
        with connection.cursor() as cursor:
            cursor.execute("SELECT total_changes()")
            before = cursor.fetchone()[0]
            # A negative number has all lists merged, also those that need not be for speed.
            cursor.execute(
                f"INSERT INTO {table}({table}, rank) VALUES ('merge', %s)",  # noqa: S608
                [-MERGED_PAGES],
            )
            cursor.execute("SELECT total_changes()")
            left |= cursor.fetchone()[0] - before >= 2
    return left


def find(phrases, owners, conditions, values, limit):
    """Return the newest `limit` entries that match all `phrases` (query.Phrase objects), newest
    first, as `(entry id, conversation id, message id, attachment id)`; the message id is None for
    a title, the attachment id for any text that is not of a file.

    `owners` are ids of people (None: everybody); `conditions` are SQL conditions on the tables
    `entry` (SearchEntry) and `conversation`, and `values` their parameters.
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
            "SELECT entry.id, entry.conversation_id, entry.message_id, entry.attachment_id"  # noqa: S608
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
    """Return `{entry id: relevance}` for the entries `ids` (and others between them) that match
    `phrases`, from BM25: a greater number is a better match. Empty where all phrases are prefixes
    of at most BEGINNING letters, which have no score. `owners` as in `find`."""
    words = _match(phrases, owners)
    if not (words and ids):
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            # The column with the owner does not count for the relevance: weight 0.
            "SELECT rowid, -bm25(conversations_searchterms, 0, 1)"
            " FROM conversations_searchterms"
            " WHERE conversations_searchterms MATCH %s AND rowid BETWEEN %s AND %s",
            [words, min(ids), max(ids)],
        )
        return dict(cursor.fetchall())


def _command(name):
    """Run FTS5's special command `name` ("optimize", "delete-all") on both tables."""
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
    """Return the word for the person with the id `owner_id`, under which the FTS5 tables index the
    owner of an entry."""
    return f"u{owner_id}"


def _beginnings(entry):
    """Return the text to index in `conversations_searchbeginnings`: the short prefixes of an
    Entry's words, and a word for its owner, which is longer than any prefix."""
    starts = {word[:BEGINNING] for word in set(entry.words)}
    unspaced = set(unspaced_in("".join([start[0] for start in starts])))
    spaced = [start for start in starts if start[0] not in unspaced]
    short = unspaced.union(spaced, [start[:2] for start in spaced])
    return " ".join([f"owner{entry.owner_id}", *short])


def _match(phrases, owners):
    """Return the FTS5 expression that matches those of `phrases` that are no short prefixes, in
    entries of `owners` (None: everybody); "" where all are short prefixes."""
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
    """Return the FTS5 expression that matches those of `phrases` that are short prefixes, in
    entries of `owners` (None: everybody); "" if there are none."""
    parts = [f'"{short}"' for short in map(_short_beginning, phrases) if short]
    if parts and owners is not None:
        parts.insert(0, "(" + " OR ".join(f'"owner{owner}"' for owner in owners) + ")")
    return " AND ".join(parts)


def _short_beginning(phrase):
    """Return the prefix that `phrase` consists of, if it has at most BEGINNING letters and so is
    indexed in `conversations_searchbeginnings`; else ""."""
    first, *more = phrase.terms
    return first if phrase.is_prefix and not more and len(first) <= BEGINNING else ""
