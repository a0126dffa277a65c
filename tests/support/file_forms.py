"""Requests with files through Django's test client, LanguageModels that take files, and the names
in the file storage."""

import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from conversations.files import storage
from conversations.models import LanguageModel


def upload(client, content, name, **fields):
    """Post the file `content` (bytes) called `name` to /files/, as the page's script does; return
    the response. `fields` are further fields of the form."""
    return client.post("/files/", {"file": SimpleUploadedFile(name, content), **fields})


def send(client, *contents, path="/", text="Look", **fields):
    """Post a message with files, `contents` being pairs `(name, bytes)`, as a browser without
    JavaScript does; return the response. `path` is that of the form, `text` the message, `fields`
    are further fields of the form."""
    files = [SimpleUploadedFile(name, content) for name, content in contents]
    form = {"text": text, "submission": str(uuid.uuid4()), "files": files, **fields}
    return client.post(path, form)


def blobs():
    """Return the sorted names of all files in the file storage."""
    return sorted(storage.walk())


@pytest.fixture
def own(client, alice):
    """Return Django's test client, logged in as Alice, after letting all LanguageModels take
    pictures; the default LanguageModel is created if there is none."""
    LanguageModel.objects.ensure_default()
    LanguageModel.objects.update(images=True)
    client.force_login(alice)
    return client


@pytest.fixture
def seeing_model(stage):
    """Return the LanguageModel "test-model" of the shared servers, after letting it take pictures;
    of documents it takes the extracted text."""
    model = LanguageModel.objects.get(name="test-model")
    model.images = True
    model.save()
    return model
