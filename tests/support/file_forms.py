"""Forms with files through Django's client, and what lies in the storage."""

import uuid

from django.core.files.uploadedfile import SimpleUploadedFile

from conversations.files import storage


def upload(client, content, name, **fields):
    return client.post("/files/", {"file": SimpleUploadedFile(name, content), **fields})


def send(client, *contents, path="/", text="Look", **fields):
    """Send the form with these files, as a browser without JavaScript does."""
    files = [SimpleUploadedFile(name, content) for name, content in contents]
    form = {"text": text, "submission": str(uuid.uuid4()), "files": files, **fields}
    return client.post(path, form)


def blobs():
    return sorted(storage.walk())
