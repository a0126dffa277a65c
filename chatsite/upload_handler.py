"""Upload handler of Django for files too large for memory: writes them to temporary files beside
the site's data.

Django's setting FILE_UPLOAD_TEMP_DIR is not used, since that folder would have to exist before the
site is set up.
"""

from contextlib import suppress
from tempfile import NamedTemporaryFile, TemporaryFile

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from chatsite.upload_spool import IMPORT_PATH


class FileInImportFolder(UploadedFile):
    """Uploaded file for an import of conversations: a named temporary file in IMPORT_FOLDER, which
    `close` deletes unless it was renamed."""

    def temporary_file_path(self):
        """Return the path of the temporary file as text; the name is that of Django's
        TemporaryUploadedFile."""
        return self.file.name

    def close(self):
        """Close the file and delete it; one that was renamed is kept."""
        with suppress(FileNotFoundError):
            self.file.close()


class FileInUploadFolder(UploadedFile):
    """Uploaded file for a message: a temporary file in UPLOAD_FOLDER that is deleted when it is
    closed. Of a file larger than MAX_FILE only `size` is right; the content after the limit was not
    kept."""


class SpoolHandler(FileUploadHandler):
    """Upload handler that writes each uploaded file of a request into a temporary file: for an
    import of conversations in IMPORT_FOLDER, for a message in UPLOAD_FOLDER."""

    file = None

    def new_file(self, *args, **kwargs):
        """Create the temporary file for the next uploaded file, and its folder if it is missing.
        The arguments (name, media type …) are those of Django's FileUploadHandler, which stores
        them as attributes."""
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
        """Append `raw_data`, a block of bytes of the uploaded file at the offset `start`, to the
        temporary file; return None, so that no other handler gets it. Of a file for a message,
        blocks that start at MAX_FILE or later are dropped."""
        if self._is_import or start < settings.MAX_FILE:
            self.file.write(raw_data)

    def file_complete(self, file_size):
        """Return the uploaded file, an UploadedFile at its beginning, with `size` set to
        `file_size` (bytes received)."""
        self.file.seek(0)
        self.file.size = file_size
        return self.file

    def upload_interrupted(self):
        """Close and so delete the temporary file, after the client broke off the upload."""
        if self.file is not None:
            self.file.close()
