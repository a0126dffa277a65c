"""Manifest of a case (an export of conversations for an investigation): SHA-256 and size of each
file in the zip, and the check of a zip against them."""

import hashlib
import json
import zipfile
from collections import Counter

NAME = "manifest.json"
FORMAT = "chatsite case"
VERSION = 1
PIECE = 1 << 20  # bytes of a member that are read at a time


class NoCase(Exception):
    """Exception: a file is not the zip of a case; the message says why, as an English sentence."""


def sha256(data):
    """Return the SHA-256 of `data` (bytes) as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def differences(file):
    """Check the zip `file` (a path or a binary file) against the manifest in it. Yield an English
    sentence for each file in the zip that was changed, is missing, is there twice or is not in the
    manifest; nothing if all is well. Raise NoCase if it is not the zip of a case."""
    try:
        archive = zipfile.ZipFile(file)
    except Exception as error:  # changed bytes raise many kinds, such as UnicodeDecodeError
        raise NoCase(f"It cannot be read as a zip: {error}.") from error
    with archive:
        listed, names = read(archive)["members"], Counter(archive.namelist())
        for name in sorted(name for name, count in names.items() if count > 1):
            yield f"{name} is in the zip more than once."
        for name in sorted(set(names) - set(listed) - {NAME}):
            yield f"{name} is not in the manifest."
        for name, expected in sorted(listed.items()):
            if name not in names:
                yield f"{name} is missing."
                continue
            try:
                size, digest = _measure(archive, name)
            except Exception as error:  # here too, such as zlib.error
                yield f"{name} cannot be read: {error}."
                continue
            if (size, digest) != (expected.get("size"), expected.get("sha256")):
                yield f"{name} was changed."


def read(archive):
    """Return the manifest in the ZipFile `archive` as a dict; `members` in it maps each file name
    to a dict with `size` and `sha256`. Raise NoCase if there is no manifest of a case."""
    try:
        found = json.loads(archive.read(NAME))
    except KeyError:
        raise NoCase(f"It has no {NAME}.") from None
    except Exception as error:  # as in `differences`
        raise NoCase(f"Its {NAME} cannot be read: {error}.") from error
    is_ours = isinstance(found, dict) and found.get("format") == FORMAT
    members = found.get("members") if is_ours else None
    if isinstance(members, dict) and all(isinstance(each, dict) for each in members.values()):
        return found
    raise NoCase(f"Its {NAME} is not that of a case.")


def _measure(archive, name):
    """Return `(size in bytes, SHA-256 in hexadecimal)` of the file `name` in the ZipFile
    `archive`."""
    digest, size = hashlib.sha256(), 0
    with archive.open(name) as member:
        while piece := member.read(PIECE):
            digest.update(piece)
            size += len(piece)
    return size, digest.hexdigest()
