"""The work of a job that imports a file: see conversations.transfer.bringing_in."""

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
    """An Importer of the file whose name in IMPORT_FOLDER is the Job's subject."""

    def __init__(self, job):
        self._file = open(self.path_of(job), "rb")
        self._importer = Importer(
            job.owner, self._file, cursor=job.cursor, report=Report.from_json(job.report)
        )

    @staticmethod
    def path_of(job):
        """Where the file of an import lies on this machine."""
        if not _NAME.fullmatch(job.subject):
            raise ValueError(job.subject)
        return settings.IMPORT_FOLDER / job.subject

    def read(self):
        try:
            return self._importer.read()
        except Unreadable as fault:
            self._importer.report.fault = fault
            raise

    def store(self, piece):
        self._importer.store(piece)

    def fields(self):
        return {
            "cursor": self._importer.cursor,
            "report": self._importer.report.as_json(),
            "done": self._importer.done,
            "total": self._importer.total,
        }

    def close(self):
        self._file.close()


def keep_upload(upload):
    """Keep an uploaded file (Django's UploadedFile) in IMPORT_FOLDER; its name there.

    A large one lies there already (chatsite/upload_handler.py) and is renamed; one in memory is
    written.
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
    """The Job that imports an uploaded file as `person`'s."""
    return Job.objects.create(
        owner=person, kind=Job.Kind.IMPORT, subject=keep_upload(upload), total=upload.size
    )
