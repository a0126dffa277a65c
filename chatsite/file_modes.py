"""File modes of files with people's text or secrets: only the server's account may read them."""

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
    """Return the paths that no other account should read: `.env` in the folder `root` and, if
    `database` (an entry of DATABASES) is SQLite, its file, write-ahead log and other companions."""
    paths = [root / ".env"]
    if database["ENGINE"].endswith("sqlite3"):
        paths += [Path(f"{database['NAME']}{end}") for end in ("", "-wal", "-shm", "-journal")]
    return paths


def close_to_others(paths):
    """Remove permissions of group and others from those `paths` that belong to this account.

    Missing files are skipped. A file of another account, such as root's `.env` that this account's
    group may read, is left as it is. Errors are logged, not raised.
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
