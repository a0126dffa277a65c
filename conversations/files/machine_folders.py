"""Detection of a faulty set-up: several machines, each of which keeps people's files in a local
folder of its own, although all of them need one shared place.

Each folder has an id, in the file ID_FILE. Every process stores the id of its folder in the cache,
which is in the database: if other ids were stored within LATELY seconds, the machines do not share
one folder.
"""

import contextlib
import uuid

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import gettext as _

ID_FILE = ".folder"
KEY = "files.folders"
LATELY = 600  # seconds

# True if the last `look` of this process found ids of other folders.
_differ = False


def look():
    """Store the id of this process's folder of files in the cache, and remember whether other
    processes stored ids of other folders. Called as a periodic task; always returns False (no work
    is left). Does nothing if files are in a bucket, or on SQLite, which serves one machine only."""
    global _differ
    if settings.FILES_FOLDER is None or settings.ON_SQLITE:
        return False
    own, now = _own_id(), timezone.now().timestamp()
    seen = {
        name: at for name, at in (cache.get(KEY) or {}).items() if now - at < LATELY and name != own
    }
    _differ = bool(seen)
    cache.set(KEY, {**seen, own: now}, LATELY)
    return False


def fault():
    """Return a sentence for the operator that says that machines do not share one folder of files;
    "" if `look` found no sign of that in this process."""
    if not _differ:
        return ""
    return _(
        "Several machines keep files in folders of their own, so people miss each other's files: "
        "set FILES_URL to a place that all of them see."
    )


def _own_id():
    """Return the id (text) of the folder of files on this machine; create folder and id if they are
    missing."""
    path = settings.FILES_FOLDER / ID_FILE
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError), path.open("x") as file:
        file.write(uuid.uuid4().hex)
    return path.read_text().strip()
