"""Django's handler for uploaded files too large for memory: it puts them into IMPORT_FOLDER.

FILE_UPLOAD_TEMP_DIR would have to exist before the site is set up.
"""

from contextlib import suppress
from tempfile import NamedTemporaryFile

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler


class FileInImportFolder(UploadedFile):
    """An uploaded file in IMPORT_FOLDER; closing it removes it unless it was renamed."""

    def temporary_file_path(self):
        """Return the path of the file, as Django's TemporaryUploadedFile does."""
        return self.file.name

    def close(self):
        """Close the file and remove it; do nothing about one that was renamed."""
        with suppress(FileNotFoundError):
            self.file.close()


class ImportFolderHandler(FileUploadHandler):
    """A FileUploadHandler that writes each uploaded file into a temporary one in IMPORT_FOLDER."""

    file = None

    def new_file(self, *args, **kwargs):
        """Create the temporary file for the next uploaded file; create IMPORT_FOLDER if needed."""
        super().new_file(*args, **kwargs)
        settings.IMPORT_FOLDER.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.file = FileInImportFolder(
            NamedTemporaryFile(dir=settings.IMPORT_FOLDER),
            self.file_name,
            self.content_type,
            0,
            self.charset,
            self.content_type_extra,
        )

    def receive_data_chunk(self, raw_data, start):
        """Append the bytes `raw_data` to the file; `start` is their offset, which is not used."""
        self.file.write(raw_data)

    def file_complete(self, file_size):
        """Return the file at its beginning, a FileInImportFolder of `file_size` bytes."""
        self.file.seek(0)
        self.file.size = file_size
        return self.file

    def upload_interrupted(self):
        """Close and remove the file."""
        if self.file is not None:
            self.file.close()
