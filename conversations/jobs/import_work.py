"""Job that imports conversations from an uploaded file: its work object, and ordering it."""

import os
import re
import uuid
from shutil import copyfileobj

from django.conf import settings

from conversations.models import Job
from conversations.transfer.bringing_in import Importer, Unreadable
from conversations.transfer.report import Report

_NAME = re.compile(r"[0-9a-f]{32}")


class ImportWork:
    """Work object of a Job that imports a file; the Job's `subject` is the name of the file in
    IMPORT_FOLDER. `conversations.jobs.job_kinds` describes the methods of work objects. Creating
    one opens the file; it raises OSError if that fails, as when the file is on another machine."""

    def __init__(self, job):
        self._file = open(self.path_of(job), "rb")
        self._importer = Importer(
            job.owner, self._file, cursor=job.cursor, report=Report.from_json(job.report)
        )

    @staticmethod
    def path_of(job):
        """Return the path of the file of `job` (an import) on this machine, whether it exists or
        not.

        Raises ValueError if the name in `job.subject` is not one that `keep_upload` gave.
        """
        if not _NAME.fullmatch(job.subject):
            raise ValueError(job.subject)
        return settings.IMPORT_FOLDER / job.subject

    def read(self):
        """Return the next piece of the file, to be given to `store`, maybe an empty one; None at
        the end of the file. Raise Unreadable if the file has no conversation; `fields` then returns
        the report about that."""
        try:
            return self._importer.read()
        except Unreadable as fault:
            self._importer.report.fault = fault
            raise

    def store(self, piece):
        """Store the conversations and messages of `piece`, which `read` returned. Call it in a
        transaction."""
        self._importer.store(piece)

    def finish(self):
        """Do nothing: all is stored."""

    def fields(self):
        """Return a dict of the Job's columns that say how far the import is: `cursor` (where to
        resume), `report`, and `done` of `total` bytes of the file (of a zip: unpacked)."""
        return {
            "cursor": self._importer.cursor,
            "report": self._importer.report.as_json(),
            "done": self._importer.done,
            "total": self._importer.total,
        }

    def close(self):
        """Close the file."""
        self._file.close()


def keep_upload(upload):
    """Store `upload` (Django's UploadedFile) in IMPORT_FOLDER and return the file's new name there.

    A large upload is in this folder already (chatsite/upload_handler.py) and is renamed; one in
    memory is written.
    """
    settings.IMPORT_FOLDER.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = uuid.uuid4().hex
    path = settings.IMPORT_FOLDER / name
    if hasattr(upload, "temporary_file_path"):
        upload.flush()
        os.replace(upload.temporary_file_path(), path)
        return name
    upload.seek(0)
    with open(path, "xb") as kept:
        copyfileobj(upload, kept)
    return name


def order_import(person, upload):
    """Create and return the Job that imports `upload` (Django's UploadedFile) for `person`."""
    return Job.objects.create(
        owner=person, kind=Job.Kind.IMPORT, subject=keep_upload(upload), total=upload.size
    )
