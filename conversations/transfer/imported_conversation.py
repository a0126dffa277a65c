"""The neutral form of a conversation that is imported, whichever format its file has. Pure."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

_SURROGATES = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")
_UNSTORABLE = {0: None, **_SURROGATES}
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Turn:
    """One message; `id` and `parent` are the file's own, "" for none."""

    id: str
    parent: str
    role: str
    text: str
    reasoning: str = ""
    created_at: datetime | None = None


@dataclass(slots=True)
class ImportedConversation:
    """A conversation as read from a file, before it is stored. `turns` are its Turns, each after
    its parent; `active` is the id of the turn that ends the branch last looked at.

    `left_out` counts what the file has besides and we do not keep, by kind; `missing` are the
    questions whose answers the file has in no form that is known here.
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
    """The names of `{name: its parent's name}`, parents before children and else in their order,
    each once, whatever the links say: a loop is left out, a parent that is not there is none."""
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
    """`value` as a text that both databases can store; "" for anything but a text."""
    return value.translate(_UNSTORABLE) if isinstance(value, str) else ""


def as_time(value):
    """The moment that an ISO text or a number of seconds since 1970 says, or None.

    Not before the year 2000, and not in the future: what the list shows on top is what is new.
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
