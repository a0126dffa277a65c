"""Files of imported messages: their bytes are taken from the zip, read, and stored like uploads."""

import copy
import uuid

from django.conf import settings

from conversations.files import intake, names
from conversations.files.refused import FileRefused
from conversations.transfer.archive_files import FileUnreadable

MOST = 10_000  # files of one import
# Codes of FileRefused after which no other file of the import would be accepted either.
FULL = {"person_full", "site_full", "disk_full", "not_stored", "account_gone"}


class IncomingFiles:
    """Reader of the files that an import brings in for `person` (a Person). How many were imported,
    and which were refused or missing, is added to `report` (a Report)."""

    def __init__(self, person, report):
        self._person = person
        self._report = report
        self._tried = 0
        self._full = ""  # the code of FULL for which all further files are refused
        self._taken = {}  # of one conversation: zip's member -> Attachment

    def begin_conversation(self):
        """Forget the files of the previous conversation. Within one conversation, messages that
        name the same member of the zip share its stored bytes and extracted text."""
        self._taken = {}

    def take(self, note, files):
        """Read the file that `note` (a FileNote) names from `files` (ArchiveFiles; None: no zip)
        and store its bytes. Return its Attachment, not saved (see `intake.prepare`); None if the
        zip does not have it or it is refused, which is counted in the report."""
        found = files.find(note) if files is not None else None
        if found is None:
            self._report.left_out["attachment"] += 1
            return None
        member, name = found
        name = names.clean(name)
        if member.filename in self._taken:
            attachment = copy.copy(self._taken[member.filename])
            attachment.pk, attachment.name = uuid.uuid4(), name
            self._report.files += 1
            return attachment
        try:
            attachment = self._prepared(note, files, member, name)
        except (FileRefused, FileUnreadable) as refused:
            if refused.code in FULL:
                self._full = refused.code
            self._report.add_refused(name, refused.code)
            return None
        self._taken[member.filename] = attachment
        self._report.files += 1
        return attachment

    def _prepared(self, note, files, member, name):
        """Read the zip's `member` (a ZipInfo of `files`, ArchiveFiles) and store its bytes as a
        file called `name`; return its Attachment, not saved yet. `note` is the FileNote that names
        it. Raise FileRefused if it is not accepted, FileUnreadable if it cannot be unpacked."""
        self._tried += 1
        if self._tried > MOST:
            raise FileRefused("too_many_in_zip")
        if self._full:
            raise FileRefused(self._full)
        if not member.file_size:
            raise FileRefused("empty")
        with files.unpacked(member, settings.MAX_FILE) as file:
            return intake.prepare(
                self._person, name, file, seal=note.seal, media_type=note.media_type
            )
