"""Backup of the bytes of people's files: writes them into a tar beside a copy of the database."""

import os
import tarfile

from conversations.files import storage

BLOCK = 1 << 20


def write_tar(path, names):
    """Write the bytes stored under `names` (an iterable of names in the file storage) to a new tar
    file at `path`, mode 0600. Return `(number of files written, list of names without bytes)`.
    Raise FileExistsError if `path` exists.

    Bytes are missing if a file was deleted since `names` were read, or if the storage lost them,
    which `manage.py check_files` reports.
    """
    count, missing = 0, []
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with open(descriptor, "wb") as file, tarfile.open(fileobj=file, mode="w") as tar:
        for name in names:
            try:
                size = storage.storage().size(name)
                with storage.open_stored(name) as stored:
                    entry = tarfile.TarInfo(name)
                    entry.size, entry.mode = size, 0o600
                    tar.addfile(entry, stored)
            except FileNotFoundError:
                missing.append(name)
            else:
                count += 1
    return count, missing
