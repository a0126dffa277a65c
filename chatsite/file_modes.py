"""Modes of the files that hold people's text or secrets: for the account of the server alone."""

import logging
import os
from pathlib import Path

logger = logging.getLogger(__name__)

# Taken from the modes of new files and folders: 0600 and 0700 remain.
UMASK = 0o077
# Commands of manage.py that write parts of the program, which a web server, an image or a
# colleague reads.
PUBLIC_COMMANDS = ("collectstatic", "compilemessages", "makemessages", "makemigrations")


def private_files(database, root):
    """The paths that should be nobody else's: `.env` under `root` and, for a DATABASES entry of
    SQLite, its file, the write-ahead log and the index of that."""
    paths = [root / ".env"]
    if database["ENGINE"].endswith("sqlite3"):
        paths += [Path(f"{database['NAME']}{end}") for end in ("", "-wal", "-shm", "-journal")]
    return paths


def close_to_others(paths):
    """Take the modes for group and others from those of `paths` that are files of this account.

    A file of another account, as root's `.env` that our group may read, is left as it is.
    """
    for path in paths:
        try:
            found = path.stat()
            if found.st_uid == os.geteuid() and found.st_mode & UMASK:
                path.chmod(found.st_mode & 0o777 & ~UMASK)
                logger.warning("%s could be read by other accounts; its mode is 0600 now.", path)
        except FileNotFoundError:
            continue
        except OSError as error:
            logger.warning("%s may be open to other accounts: %s.", path, error.strerror)
