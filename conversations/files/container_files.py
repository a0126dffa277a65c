"""Files that a model's code made in a container of the gateway (code interpreter): the Attachments
of those that are to be fetched, and the results of fetching.

An Attachment in the state FETCHING is inserted in the transaction that stores the end of the reply,
so that no crash loses a file. Any process may fetch the file then: it claims the row for CLAIM, and
afterwards another process may claim it.
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

# The gateway deletes a container that was idle for so long.
KEPT = timedelta(minutes=20)
# For so long nobody else fetches a file that a process has claimed.
CLAIM = timedelta(seconds=150)
PAUSE = timedelta(seconds=20)  # before a file is asked for once more
AT_A_TIME = 4  # files that are claimed at once
_MADE_FROM = uuid.UUID("0f5dbb6e-3c0e-4b7c-8f0a-0a4a5f0c7d11")


@dataclass(frozen=True, slots=True)
class Wanted:
    """File that this process has claimed, to fetch it: `id` is that of its Attachment, `name` its
    name; `container` and `file` are the ids of container and file at the gateway. `is_last` is True
    for the last attempt: before another one the gateway will have deleted the container (after
    KEPT)."""

    id: uuid.UUID
    container: str
    file: str
    name: str
    is_last: bool


def expect(message_id, items):
    """Insert an Attachment for each file in a container that `items` refer to: the output items
    (dicts) of the reply `message_id`. Each reference in `items` gets the id of its Attachment, as
    the member `file`.

    Files are in the state FETCHING, those with malformed ids MISSING. The first one beyond
    MOST_FILES is MISSING too, and says that it and those after it are not fetched. Safe to repeat;
    nothing is done if there are no files, or the message was deleted. Call it in the transaction
    that stores the items.
    """
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
    """Claim, for the duration CLAIM, files that are due to be fetched, the longest overdue first;
    return a list of at most AT_A_TIME Wanted, [] if none is due."""
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
    """Release the claim on the file `wanted` (a Wanted), which could not be fetched, so that it is
    tried again after PAUSE."""
    row = Attachment.with_hidden.filter(pk=wanted.id, state=Attachment.State.FETCHING)
    row.update(fetch_at=timezone.now() + PAUSE)


def miss(wanted, fault):
    """Mark the Attachment of `wanted` (a Wanted) as MISSING: the file cannot be fetched or kept.
    `fault` is the code for the reason, as `sentences.missing` takes it."""
    row = Attachment.with_hidden.filter(pk=wanted.id, state=Attachment.State.FETCHING)
    row.update(state=Attachment.State.MISSING, fault=fault, fetch_at=None)


def keep(wanted, file):
    """Store the open binary `file` as the content of the Attachment of `wanted` (a Wanted), if that
    is still in the state FETCHING. A file of any kind is kept: one that cannot be read here can
    only be downloaded. If there is no room for it, the Attachment becomes MISSING (`miss`). Blocks
    for up to a minute."""
    row = Attachment.with_hidden.select_related("message", "conversation__owner")
    attachment = row.filter(pk=wanted.id, state=Attachment.State.FETCHING).first()
    if attachment is None:
        return
    try:
        intake.fill(attachment, file)
    except FileRefused as refused:
        miss(wanted, refused.code)
