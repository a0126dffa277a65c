"""File storage: functions that write, read and delete the bytes of people's files in Django's
storage called "files" in STORAGES (a folder, or a bucket of S3)."""

import contextlib
import os

from django.conf import settings
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import storages


def storage():
    """Return Django's Storage object that holds the bytes of people's files."""
    return storages["files"]


def upload_folder():
    """Return the folder (a Path) for temporary files while an upload is received; create it if it
    is missing."""
    settings.UPLOAD_FOLDER.mkdir(mode=0o700, parents=True, exist_ok=True)
    return settings.UPLOAD_FOLDER


def write(name, content):
    """Store `content` (bytes, or an open binary file, which is read from its start) under `name`.
    If that fails, store nothing and raise: OSError for a full disk or a name that is in use, or
    what the client of the bucket raises."""
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
    """Return the bytes stored under `name` as an open binary file, for the caller to close. Raise
    OSError if they are missing."""
    return storage().open(name, "rb")


def read(name):
    """Return the bytes stored under `name`. Raise OSError if they are missing."""
    with open_stored(name) as file:
        return file.read()


def delete(name):
    """Delete the bytes stored under `name`; missing bytes are no error. In a folder of this
    machine, also remove the two folders around them if these are empty."""
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
    """Yield the name of each file in the storage (`xx/yy/…`), also of those that no row of the
    database names."""
    for first in _folders(""):
        for second in _folders(first):
            place = f"{first}/{second}"
            for name in storage().listdir(place)[1]:
                yield f"{place}/{name}"


def _folders(path):
    """Return the sorted names, two characters long, of the folders within the folder `path` of the
    storage; [] if it does not exist."""
    try:
        folders = storage().listdir(path)[0]
    except FileNotFoundError:
        return []
    return sorted(name for name in folders if len(name) == 2)
