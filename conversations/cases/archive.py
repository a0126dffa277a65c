"""Writer of the zip of a case (an export of conversations for an investigation). The zip is made
while it is sent, so that a large one takes no more memory than a small one."""

import hashlib
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
from conversations.transfer.write_buffer import WriteBuffer
from conversations.usage.csv_export import harmless_lines

LOG_ROWS = 500  # of the access log that are read by one query


class CaseArchive:
    """Zip of a case: an export of the Conversations with the UUIDs `ids`, made by the Person
    `exporter` for a `reason` (text or a lazy translation) with an `explanation` (text).

    `record_reading(conversation)` is called before a conversation is read, and may raise to stop
    the export; `record_end(digest)` is called when all was sent, with the SHA-256 of the manifest
    as hexadecimal digits. The attribute `id` is the UUID of the case.
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
        self._pipe = WriteBuffer()
        self._members = {}

    def pieces(self):
        """Yield the bytes of the zip in pieces, some of them empty. Conversations that were deleted
        meanwhile are left out."""
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
        """Yield the bytes of the zip, in pieces, for all files about the Conversation
        `conversation`: JSON, Markdown, HTML, request bodies and attached files, in a folder named
        by its UUID."""
        folder = f"conversations/{conversation.pk}"
        yield from self._member(f"{folder}/conversation.json", [record.write(conversation)])
        yield from self._member(f"{folder}/conversation.md", reading.markdown(conversation))
        yield from self._member(f"{folder}/conversation.html", reading.pages(conversation))
        for pk, body in record.inputs(conversation):
            yield from self._member(f"{folder}/inputs/{pk}.json", [body])
        for name, content in case_files.contents(conversation):
            yield from self._member(f"{folder}/files/{name}", content)

    def _member(self, name, content):
        """Add the file `name` to the zip with `content`, an iterable of str (stored in UTF-8) or
        bytes; keep its size and SHA-256 for the manifest. Yield the bytes of the zip in pieces."""
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
        """Return the ZipInfo of a compressed file `name` in the zip, dated now."""
        info = zipfile.ZipInfo(name, timezone.localtime().timetuple()[:6])
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o600 << 16
        return info

    def _log(self):
        """Yield CSV text with the rows of the access log about the exported conversations, oldest
        first."""
        yield harmless_lines([COLUMNS])
        rows = ReviewAccess.objects.filter(conversation_id__in=self._ids).order_by("number")
        last = 0
        while some := list(rows.filter(number__gt=last)[:LOG_ROWS]):
            last = some[-1].number
            yield harmless_lines(csv_rows(with_names(some)))

    def _manifest(self):
        """Return the manifest (JSON text): what the case is, and size and SHA-256 of each file in
        the zip."""
        about = {**self._about, "at": self._about["at"].astimezone(UTC).isoformat()}
        said = {"format": manifest.FORMAT, "version": manifest.VERSION, **about}
        return json.dumps({**said, "members": self._members}, ensure_ascii=False, indent=2)
