"""Django's handler for uploaded files too large for memory: it puts them beside the site's files.

FILE_UPLOAD_TEMP_DIR would have to exist before the site is set up.
"""

from contextlib import suppress
from tempfile import NamedTemporaryFile, TemporaryFile

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from chatsite.upload_spool import IMPORT_PATH


class FileInImportFolder(UploadedFile):
    """An uploaded file in IMPORT_FOLDER; closing it removes it unless it was renamed."""

    def temporary_file_path(self):
        """Return the path of the file, as Django's TemporaryUploadedFile does."""
        return self.file.name

    def close(self):
        """Close the file and remove it; do nothing about one that was renamed."""
        with suppress(FileNotFoundError):
            self.file.close()


class FileInUploadFolder(UploadedFile):
    """An uploaded file without a name in UPLOAD_FOLDER, which is gone when it is closed. Of one
    over MAX_FILE only the size is known: the rest of its content was not kept."""


class SpoolHandler(FileUploadHandler):
    """A FileUploadHandler that writes each uploaded file into a temporary one: for an import in
    IMPORT_FOLDER, for a message in UPLOAD_FOLDER."""

    file = None

    def new_file(self, *args, **kwargs):
        """Create the temporary file for the next uploaded file, and its folder if needed."""
        super().new_file(*args, **kwargs)
        self._is_import = self.request.path_info == IMPORT_PATH
        folder = settings.IMPORT_FOLDER if self._is_import else settings.UPLOAD_FOLDER
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        kind, make = FileInUploadFolder, TemporaryFile
        if self._is_import:
            kind, make = FileInImportFolder, NamedTemporaryFile
        described = (self.content_type, 0, self.charset, self.content_type_extra)
        self.file = kind(make(dir=folder), self.file_name, *described)

    def receive_data_chunk(self, raw_data, start):
        """Append the bytes `raw_data`, which begin at the offset `start`, to the file."""
        if self._is_import or start < settings.MAX_FILE:
            self.file.write(raw_data)

    def file_complete(self, file_size):
        """Return the file at its beginning, with `size` set to `file_size` bytes."""
        self.file.seek(0)
        self.file.size = file_size
        return self.file

    def upload_interrupted(self):
        """Close and remove the file."""
        if self.file is not None:
            self.file.close()
