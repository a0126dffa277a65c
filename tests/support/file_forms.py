"""Requests with files through Django's test client, and the names in the file storage."""

import uuid

from django.core.files.uploadedfile import SimpleUploadedFile

from conversations.files import storage


def upload(client, content, name, **fields):
    """Post the file `content` (bytes) called `name` to /files/, as the script does; return the
    response."""
    return client.post("/files/", {"file": SimpleUploadedFile(name, content), **fields})


def send(client, *contents, path="/", text="Look", **fields):
    """Post a message with files, `contents` being pairs `(name, bytes)`, as a browser without
    JavaScript does; return the response. `path` is the form's address, `fields` are further
    ones."""
    files = [SimpleUploadedFile(name, content) for name, content in contents]
    form = {"text": text, "submission": str(uuid.uuid4()), "files": files, **fields}
    return client.post(path, form)


def blobs():
    """Return the sorted names of all files in the file storage."""
    return sorted(storage.walk())
