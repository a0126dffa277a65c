"""Contents of the full-text search index in the database."""

from django.db import connection


def raw_index():
    """Return what the search index stores, as a list of texts: SQLite's terms, PostgreSQL's
    tsvectors; [] if it is empty. On SQLite its integrity is checked as well."""
    with connection.cursor() as cursor:
        if connection.vendor != "sqlite":
            cursor.execute("SELECT terms::text FROM conversations_searchentry")
            return [row[0] for row in cursor.fetchall()]
        words = []
        for table in ("conversations_searchterms", "conversations_searchbeginnings"):
            cursor.execute(f"INSERT INTO {table}({table}) VALUES ('optimize')")
            cursor.execute(f"INSERT INTO {table}({table}) VALUES ('integrity-check')")
            cursor.execute(
                f"CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab(main, {table}, row)"
            )
            cursor.execute("SELECT term FROM temp.vocabulary")
            words += [row[0] for row in cursor.fetchall()]
            cursor.execute("DROP TABLE temp.vocabulary")
        return words
