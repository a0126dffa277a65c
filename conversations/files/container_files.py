"""Files that code made in a gateway's container: rows for those that are to be fetched, and what
became of them.

A row, an Attachment in the state FETCHING, is inserted in the transaction that stores the end of
the reply, so that no crash loses one. Any process may fetch it then: it claims the row for some
time.
"""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from conversations import items as message_items
from conversations.files import intake, names
from conversations.files.refused import FileRefused
from conversations.items.container_file_references import MOST_FILES
from conversations.models import Attachment, Message
from conversations.models.attachment import UNREAD

# A container is deleted when it was idle for 20 minutes.
KEPT = timedelta(minutes=20)
# For so long nobody else fetches a file that a process has claimed.
CLAIM = timedelta(seconds=150)
PAUSE = timedelta(seconds=20)  # before a file is asked for once more
AT_A_TIME = 4  # files that are claimed at once
_MADE_FROM = uuid.UUID("0f5dbb6e-3c0e-4b7c-8f0a-0a4a5f0c7d11")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file that was claimed: `id` is that of its Attachment, `container` and `file` are its ids
    at the gateway, `name` is its name. `is_last` is True if there is no time to ask once more."""

    id: uuid.UUID
    container: str
    file: str
    name: str
    is_last: bool


def expect(message_id, items):
    """Insert the rows for the files in containers that `items`, those of the reply with this id,
    name; each of the entries that name one gets the id of its row, as `file`. The first file beyond
    MOST_FILES has a row too, which says that this one and the others after it are not fetched. Safe
    to repeat; nothing is done if there are none, or the message was deleted. Call it in the
    transaction that stores the items."""
    found = message_items.container_files(items, settings.OPENAI_BASE_URL)
    columns = ("conversation_id", "conversation__owner_id")
    whose = Message.objects.filter(pk=message_id).values_list(*columns).first() if found else None
    if whose is None:
        return
    conversation_id, owner_id = whose
    now, rows = timezone.now(), {}
    for position, each in enumerate(found):
        row_id = uuid.uuid5(_MADE_FROM, f"{message_id} {each.container} {each.file}")
        each.entry["file"] = str(row_id)
        fault = "" if each.is_valid else "invalid"
        if len(rows) >= MOST_FILES:
            fault = "too_many_files"
        rows.setdefault(
            row_id,
            Attachment(
                pk=row_id,
                owner_id=owner_id,
                conversation_id=conversation_id,
                message_id=message_id,
                # After the pictures that the reply made.
                position=1_000 + position,
                name=names.clean(each.name or each.file),
                media_type=UNREAD,
                size=0,
                sha256="",
                state=Attachment.State.MISSING if fault else Attachment.State.FETCHING,
                fault=fault,
                origin=f"{each.container}/{each.file}"[:500],
                fetch_at=None if fault else now,
                created_at=now,
            ),
        )
    Attachment.objects.bulk_create(rows.values(), ignore_conflicts=True)


def claim():
    """Claim files that are to be fetched now, for CLAIM; return a list of at most AT_A_TIME
    Wanted."""
    now = timezone.now()
    fetching = Attachment.with_hidden.filter(state=Attachment.State.FETCHING)
    found = fetching.filter(fetch_at__lte=now).order_by("fetch_at")
    columns = ("pk", "origin", "name", "created_at", "fetch_at")
    claimed = []
    for pk, origin, name, created_at, fetch_at in found.values_list(*columns)[:AT_A_TIME]:
        row = fetching.filter(pk=pk, fetch_at=fetch_at)
        if row.update(fetch_at=now + CLAIM):
            container, _slash, file = origin.partition("/")
            is_last = now + CLAIM > created_at + KEPT
            claimed.append(Wanted(pk, container, file, name, is_last))
    return claimed


def give_back(wanted):
    """Release the claim on the file `wanted`, a Wanted that could not be fetched now, so that it is
    fetched once more later."""
    row = Attachment.with_hidden.filter(pk=wanted.id, state=Attachment.State.FETCHING)
    row.update(fetch_at=timezone.now() + PAUSE)


def miss(wanted, fault):
    """Store that the file `wanted` (a Wanted) cannot be had; `fault` is the code that says why."""
    row = Attachment.with_hidden.filter(pk=wanted.id, state=Attachment.State.FETCHING)
    row.update(state=Attachment.State.MISSING, fault=fault, fetch_at=None)


def keep(wanted, file):
    """Store the content of `wanted` (a Wanted), the open binary `file`. Whatever it is, it is kept:
    what is not read here is only downloaded. Blocks for up to a minute. Where there is no room for
    it that is noted."""
    row = Attachment.with_hidden.select_related("message", "conversation__owner")
    attachment = row.filter(pk=wanted.id, state=Attachment.State.FETCHING).first()
    if attachment is None:
        return
    try:
        intake.fill(attachment, file)
    except FileRefused as refused:
        miss(wanted, refused.code)
