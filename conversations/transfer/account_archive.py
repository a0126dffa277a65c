"""Export of an account: a zip of all conversations, the profile and the usage of one person.

The zip is generated while it is sent, so that its size does not matter for the memory it needs.
"""

import json
import re
import zipfile

from django.db.models import Q
from django.utils import timezone

from conversations.models import Conversation, Response
from conversations.models.response import REPORTED_TOKENS
from conversations.transfer import file_members, markdown_export, native_json
from conversations.transfer.write_buffer import WriteBuffer
from conversations.usage.csv_export import harmless_lines

# At most so much is read from the database for one piece of the zip.
BATCH = 10  # conversations
ROWS = 2_000  # Responses

_UNFIT = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')
_USAGE = (
    *("created_at", "purpose", "status", "model", "answered_model", "service_tier"),
    *REPORTED_TOKENS,
    *("usage_source", "tool_uses", "cost", "tool_cost", "reported_cost"),
)


def write_zip(person):
    """Yield, as bytes in pieces, a zip of all that `person` (a Person) has: `account.json`,
    `usage.csv`, and each conversation that is not temporary as JSON and as Markdown, with its
    files. No query stays open from one piece to the next."""
    buffer = WriteBuffer()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("account.json", _account(person))
        for _piece in _write(archive, "usage.csv", _usage(person)):
            yield buffer.take()
        kept = Conversation.objects.of(person).filter(temporary=False)
        ids = list(kept.order_by("created_at").values_list("pk", flat=True))
        written = set()
        for start in range(0, len(ids), BATCH):
            batch = ids[start : start + BATCH]
            for conversation in Conversation.objects.filter(pk__in=batch).select_related("owner"):
                name = file_name(conversation)
                files = file_members.by_message(conversation)
                document = native_json.pieces(conversation, zipped=files)
                for _piece in _write(archive, f"conversations/{name}.json", document):
                    yield buffer.take()
                text = markdown_export.pieces(conversation, zipped=files)
                for _piece in _write(archive, f"markdown/{name}.md", text):
                    yield buffer.take()
                for sent in files.values():
                    for _block in file_members.write(archive, sent, written):
                        yield buffer.take()
            yield buffer.take()
    yield buffer.take()


def _write(archive, name, pieces):
    """Write the member `name` into `archive`, a ZipFile that is being written, from `pieces`, an
    iterable of texts (stored in UTF-8); yield None after each, so that the caller can send what was
    written."""
    info = zipfile.ZipInfo(name, timezone.localtime().timetuple()[:6])
    info.compress_type = zipfile.ZIP_DEFLATED
    with archive.open(info, "w") as member:
        for piece in pieces:
            member.write(piece.encode("utf-8", "replace"))
            yield


def file_name(conversation):
    """Return a file name without extension for `conversation`: the date on which it was created
    (UTC), its title (60 characters at most) without characters that file systems refuse, and the
    first 8 hexadecimal digits of its id."""
    title = _UNFIT.sub(" ", conversation.title)[:60].strip(" .")
    day = conversation.created_at.date().isoformat()
    return " ".join(part for part in (day, title, conversation.pk.hex[:8]) if part)


def _account(person):
    """Return the profile and the settings of `person` as JSON text, for `account.json`."""
    account = {
        "username": person.username,
        "email": person.email,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "language": person.language,
        "instructions": person.instructions,
        "date_joined": person.date_joined.isoformat(),
    }
    return json.dumps(account, ensure_ascii=False, indent=2)


def _usage(person):
    """Yield one CSV table of all Responses of `person`, oldest first, as text: its header line,
    then up to ROWS lines at a time."""
    yield harmless_lines([_USAGE])
    responses = Response.objects.filter(person_id=person.pk).order_by("created_at", "pk")
    last = None
    while True:
        behind = Q(created_at__gt=last[0]) | Q(created_at=last[0], pk__gt=last[1]) if last else Q()
        batch = list(responses.filter(behind).values_list("created_at", "pk", *_USAGE[1:])[:ROWS])
        if not batch:
            return
        last = batch[-1][:2]
        yield harmless_lines((at, *cells) for at, _pk, *cells in batch)
