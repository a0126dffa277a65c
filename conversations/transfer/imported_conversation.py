"""Data classes for a conversation read from an import file, whichever format the file has, and
conversions for their values. Pure."""

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

_SURROGATES = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")
_UNSTORABLE = {0: None, **_SURROGATES}
_ANY_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FileNote:
    """Description of a message's file in an import file: its `name` ("": none), and where in the
    zip its bytes are: `member`, a path in the site's own export, or `asset`, the id that ChatGPT's
    export gives it ("": not known). `id` is the one by which items of the message refer to it. Only
    the site's own export has `media_type` and `seal` (a signature, see files/seal.py)."""

    name: str
    id: str = ""
    member: str = ""
    asset: str = ""
    media_type: str = ""
    seal: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of an ImportedConversation. `id` is its id in the file and `parent` the id of the
    message that it follows ("": none); `role` is "user" or "assistant"; `text` and `reasoning` (the
    model's thoughts; "": none) are plain text or Markdown; `created_at` is None if not known.

    `items` are its items as the file has them (dicts, not cleaned yet); () if it has text only.
    `files` are FileNotes; if `stands_in` is True, `text` only names them or shows that they are
    there.
    """

    id: str
    parent: str
    role: str
    text: str
    reasoning: str = ""
    created_at: datetime | None = None
    items: list | tuple = ()
    files: tuple = ()
    stands_in: bool = False

    @property
    def is_empty(self):
        """Return True if the message has no text, no items and no files."""
        return not (self.text.strip() or self.items or self.files)


@dataclass(slots=True)
class ImportedConversation:
    """Conversation read from an import file and not stored yet. `turns` are its messages (Turns),
    each after its parent; `active` is the id of the last Turn of the branch to show ("": unknown).

    `id` is the one in the file ("": none). A time is None if it is not known, or if the
    conversation is not pinned (`pinned_at`), archived (`archived_at`) or in the trash
    (`trashed_at`). `left_out` counts by kind what is not imported; `missing` lists questions
    (texts) whose answers are in a form that cannot be read.
    """

    id: str
    title: str
    turns: list
    model: str = ""
    instructions: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    active: str = ""
    pinned_at: datetime | None = None
    archived_at: datetime | None = None
    trashed_at: datetime | None = None
    left_out: Counter = field(default_factory=Counter)
    missing: list = field(default_factory=list)


def parents_first(parents):
    """Return a list of the keys of `parents`, `{name: name of its parent}`, in which each parent
    comes before its children; siblings keep their order.

    A name whose parent is itself or no key of `parents` has no parent; names that form a loop, and
    those below them, are left out.
    """
    children, roots = {}, []
    for name, parent in parents.items():
        if parent in parents and parent != name:
            children.setdefault(parent, []).append(name)
        else:
            roots.append(name)
    found, waiting = [], roots[::-1]
    while waiting:
        name = waiting.pop()
        found.append(name)
        waiting += children.get(name, [])[::-1]
    return found


def as_text(value):
    """Return the text `value` without NUL characters and with U+FFFD for lone surrogates, which the
    databases cannot store; "" if `value` is not a text."""
    if not isinstance(value, str):
        return ""
    # Searching takes a fraction of the time of translating, and there is nearly never anything.
    return value.translate(_UNSTORABLE) if _ANY_UNSTORABLE.search(value) else value


def as_time(value):
    """Convert a time in an import file to a datetime with a time zone (UTC if it has none).

    `value` is an ISO 8601 text or a number of seconds since 1970. Returns None for anything else,
    and for times before 2000 or in the future, which would stay at the top of the list.
    """
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            moment = datetime.fromtimestamp(value, UTC)
        else:
            return None
    except (ValueError, OverflowError, OSError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment if _EARLIEST <= moment <= datetime.now(UTC) else None
