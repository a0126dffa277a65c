"""Detection of several machines that keep files in folders of their own, where all need one place.

Each folder gets an id in a file. Every process notes the id of the folder that it sees in the
cache, which is in the database: where others were noted lately, machines do not share the folder.
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

# What this process saw last: whether there are other folders.
_differ = False


def look():
    """Note the folder that this process sees, and remember whether others see other ones. For the
    periodic tasks; returns False. Does nothing where files lie in a bucket or on SQLite, which is
    of one machine."""
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
    """Return the sentence that says that machines keep files in folders of their own; "" if none
    was seen that does."""
    if not _differ:
        return ""
    return _(
        "Several machines keep files in folders of their own, so people miss each other's files: "
        "set FILES_URL to a place that all of them see."
    )


def _own_id():
    """Return the id of the folder, made at the first call on any machine that sees it."""
    path = settings.FILES_FOLDER / ID_FILE
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError), path.open("x") as file:
        file.write(uuid.uuid4().hex)
    return path.read_text().strip()
