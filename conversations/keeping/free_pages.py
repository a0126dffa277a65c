"""Removal of deleted text from the files of the database, while the site is in use.

On SQLite `secure_delete` (chatsite/settings.py) overwrites with zeros what is deleted; the
write-ahead log, which has older copies of pages, is emptied here. On PostgreSQL VACUUM removes
deleted rows from the files of their tables. Copies that a file system, a disk or a backup keeps are
out of reach.
"""

import time

from django.db import connection

# A checkpoint of the write-ahead log that waits for readers blocks writers, so it waits for WAIT
# only, and is tried again after PAUSE, at most ATTEMPTS times.
WAIT = 30  # milliseconds
ATTEMPTS = 50
PAUSE = 0.1  # seconds

TABLES = (
    "conversations_message",
    "conversations_conversation",
    "conversations_response",
    "conversations_searchentry",
    "conversations_feedback",
    "conversations_queuedmessage",
    "conversations_person",
    "conversations_attachment",
    "conversations_accesswords",
    "conversations_hold",
    "conversations_invitation",
    "conversations_job",
    "conversations_outgoingmail",
    "conversations_reviewnote",
    "conversations_reviewsitting",
    "conversations_budgetchange",
    "account_emailaddress",
    "socialaccount_socialaccount",
    "mfa_authenticator",
    "usersessions_usersession",
    "django_admin_log",
    "django_session",
)


def clear():
    """Remove deleted text from the database's files; return True if that was done. On SQLite the
    write-ahead log is emptied, on PostgreSQL the tables with personal data are vacuumed.

    Return False within a transaction, where nothing is done, and if readers kept the write-ahead
    log in use for all of ATTEMPTS: it is then overwritten by later writes.
    """
    if connection.in_atomic_block:
        return False
    with connection.cursor() as cursor:
        if connection.vendor != "sqlite":
            cursor.execute(f"VACUUM {', '.join(TABLES)}")
            return True
        cursor.execute("PRAGMA busy_timeout")
        before = cursor.fetchone()[0]
        cursor.execute(f"PRAGMA busy_timeout = {WAIT}")
        try:
            for _attempt in range(ATTEMPTS):
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                if not cursor.fetchone()[0]:
                    return True
                time.sleep(PAUSE)
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {before}")
    return False
