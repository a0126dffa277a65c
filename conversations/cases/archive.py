"""The zip of a case, written while it is sent: its size does not matter for the memory it takes."""

import csv
import hashlib
import io
import json
import uuid
import zipfile
from datetime import UTC

from django.conf import settings
from django.template.loader import get_template
from django.utils import timezone

from conversations.cases import files as case_files
from conversations.cases import manifest, reading, record
from conversations.models import Conversation, ReviewAccess
from conversations.review.access_log_page import COLUMNS, csv_rows, with_names
from conversations.transfer.pipe import Pipe
from conversations.usage.report_tables import harmless

LOG_ROWS = 500  # of the access log that are read by one query


class CaseArchive:
    """The archive of the conversations with the ids `ids`, exported by the Person `exporter` for a
    `reason` (its name) and an `explanation`.

    `record_reading(conversation)` is called before anything of a conversation is read, and may
    raise to stop the export; `record_end(digest)` with the SHA-256 of the manifest, when all was
    sent. `id` is the case's UUID.
    """

    def __init__(self, ids, *, exporter, reason, explanation, record_reading, record_end):
        self.id = uuid.uuid4()
        self._ids = list(ids)
        self._about = {
            "case": str(self.id),
            "site_name": settings.SITE_NAME,
            "exported_by": exporter.username,
            "exporter": exporter.pk,
            "reason": str(reason),
            "explanation": explanation,
            "at": timezone.now(),
        }
        self._record_reading, self._record_end = record_reading, record_end
        self._pipe = Pipe()
        self._members = {}

    def pieces(self):
        """Yield the zip in pieces of bytes."""
        with zipfile.ZipFile(self._pipe, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
            self._archive = archive
            listed = []
            for pk in self._ids:
                conversation = Conversation.objects.select_related("owner").filter(pk=pk).first()
                if conversation is None:
                    continue  # deleted since the export was ordered
                self._record_reading(conversation)
                yield from self._conversation(conversation)
                listed.append(
                    {
                        "title": conversation.display_title,
                        "owner": conversation.owner.username,
                        "folder": conversation.pk,
                        "messages": conversation.messages.count(),
                    }
                )
            yield from self._member("case.css", [get_template("cases/case.css").render()])
            yield from self._member("index.html", [reading.index(listed, self._about)])
            yield from self._member("access-log.csv", self._log())
            sums = "".join(f"{of['sha256']}  {name}\n" for name, of in self._members.items())
            yield from self._member("SHA256SUMS", [sums])
            written = self._manifest().encode()
            archive.writestr(self._info(manifest.NAME), written)
            yield self._pipe.take()
        yield self._pipe.take()
        self._record_end(manifest.sha256(written))

    def _conversation(self, conversation):
        """Yield the pieces of the zip with all files of `conversation`."""
        folder = f"conversations/{conversation.pk}"
        yield from self._member(f"{folder}/conversation.json", [record.write(conversation)])
        yield from self._member(f"{folder}/conversation.md", reading.markdown(conversation))
        yield from self._member(f"{folder}/conversation.html", reading.pages(conversation))
        for pk, body in record.inputs(conversation):
            yield from self._member(f"{folder}/inputs/{pk}.json", [body])
        for name, content in case_files.contents(conversation):
            yield from self._member(f"{folder}/files/{name}", content)

    def _member(self, name, content):
        """Write `content` (an iterable of text or bytes) as the file `name` of the zip, note its
        SHA-256, and yield the pieces of the zip."""
        digest, size = hashlib.sha256(), 0
        with self._archive.open(self._info(name), "w") as member:
            for piece in content:
                data = piece.encode("utf-8", "replace") if isinstance(piece, str) else piece
                digest.update(data)
                size += len(data)
                member.write(data)
                yield self._pipe.take()
        self._members[name] = {"size": size, "sha256": digest.hexdigest()}
        yield self._pipe.take()

    def _info(self, name):
        info = zipfile.ZipInfo(name, timezone.localtime().timetuple()[:6])
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o600 << 16
        return info

    def _log(self):
        """Yield the rows of the access log about these conversations as CSV, oldest first."""
        yield _lines([COLUMNS])
        rows = ReviewAccess.objects.filter(conversation_id__in=self._ids).order_by("number")
        last = 0
        while some := list(rows.filter(number__gt=last)[:LOG_ROWS]):
            last = some[-1].number
            yield _lines(csv_rows(with_names(some)))

    def _manifest(self):
        """Return the manifest as JSON text."""
        about = {**self._about, "at": self._about["at"].astimezone(UTC).isoformat()}
        said = {"format": manifest.FORMAT, "version": manifest.VERSION, **about}
        return json.dumps({**said, "members": self._members}, ensure_ascii=False, indent=2)


def _lines(rows):
    """Return `rows` as CSV text, safe for spreadsheets."""
    lines = io.StringIO()
    csv.writer(lines).writerows(
        ["" if cell is None else harmless(cell) for cell in row] for row in rows
    )
    return lines.getvalue()
