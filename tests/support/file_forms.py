"""Requests with files through Django's test client, models that take files, and the names in the
file storage."""

import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from conversations.files import storage
from conversations.models import LanguageModel


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


@pytest.fixture
def own(client, alice):
    """Django's test client, in which alice is logged in and all models take pictures."""
    LanguageModel.objects.ensure_default()
    LanguageModel.objects.update(images=True)
    client.force_login(alice)
    return client


@pytest.fixture
def seeing_model(stage):
    """The model of the shared servers, which takes pictures, and documents as text."""
    model = LanguageModel.objects.get(name="test-model")
    model.images = True
    model.save()
    return model
