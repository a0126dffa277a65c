"""Where Django's parser puts an uploaded file that is too large for memory: into IMPORT_FOLDER.

FILE_UPLOAD_TEMP_DIR would have to exist before the site is set up.
"""

from tempfile import TemporaryFile

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler


class ImportFolderHandler(FileUploadHandler):
    """Writes each file into a nameless one, which is gone when it is closed."""

    file = None

    def new_file(self, *args, **kwargs):
        super().new_file(*args, **kwargs)
        settings.IMPORT_FOLDER.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.file = UploadedFile(
            TemporaryFile(dir=settings.IMPORT_FOLDER),
            self.file_name,
            self.content_type,
            0,
            self.charset,
            self.content_type_extra,
        )

    def receive_data_chunk(self, raw_data, start):
        self.file.write(raw_data)

    def file_complete(self, file_size):
        self.file.seek(0)
        self.file.size = file_size
        return self.file

    def upload_interrupted(self):
        if self.file is not None:
            self.file.close()
