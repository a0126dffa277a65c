"""The storage of files: Django's, called "files" in STORAGES (a folder, or a bucket of S3)."""

import contextlib
import os

from django.conf import settings
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import storages


def storage():
    """Return Django's storage object of the files of messages."""
    return storages["files"]


def upload_folder():
    """Return the folder (a Path) in which files are received, which exists then."""
    settings.UPLOAD_FOLDER.mkdir(mode=0o700, parents=True, exist_ok=True)
    return settings.UPLOAD_FOLDER


def write(name, content):
    """Store `content` (bytes, or an open file, at any place) under `name`. Raises OSError, such as
    for a disk that is full; nothing is left then."""
    if isinstance(content, bytes):
        content = ContentFile(content)
    else:
        content.seek(0)
        # A name would have Django move the file instead of copying it.
        content = File(content, name="")
    try:
        written = storage().save(name, content)
    except BaseException:
        with contextlib.suppress(Exception):
            storage().delete(name)
        raise
    if written != name:
        # There was something of this name, which no row knows of.
        storage().delete(written)
        raise OSError(f"{name} was there already")


def open_stored(name):
    """Return the bytes stored under `name` as an open binary file. Raises OSError if they are
    missing."""
    return storage().open(name, "rb")


def read(name):
    """Return the bytes stored under `name`. Raises OSError if they are missing."""
    with open_stored(name) as file:
        return file.read()


def delete(name):
    """Delete the bytes stored under `name`, and in a folder of this machine the two folders around
    them where nothing else is in those. Missing bytes are no error."""
    storage().delete(name)
    if settings.FILES_FOLDER is None:
        return
    inner = settings.FILES_FOLDER / name
    for folder in (inner.parent, inner.parent.parent):
        try:
            os.rmdir(folder)
        except OSError:
            # Another file is in it, or came meanwhile.
            return


def walk():
    """Yield the names of all blobs in the storage, whether a row knows of them or not."""
    for first in _folders(""):
        for second in _folders(first):
            place = f"{first}/{second}"
            for name in storage().listdir(place)[1]:
                yield f"{place}/{name}"


def _folders(path):
    """Return the names of the folders within the folder `path` that are those of blobs."""
    try:
        folders = storage().listdir(path)[0]
    except FileNotFoundError:
        return []
    return sorted(name for name in folders if len(name) == 2)
