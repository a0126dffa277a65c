"""Files of messages in the zip of an import: finds the member that a FileNote refers to, and reads
it within limits.

The site's own export names members by their paths. ChatGPT's names files by ids: members are called
`file-ID-name.png`, `dalle-generations/file-ID-….webp` or `user-…/file_ID-….png`, since 2026 also
`file_ID.dat`, of which `conversation_asset_file_names.json` has the names.
"""

import contextlib
import json
import re
import zipfile
import zlib
from tempfile import TemporaryFile

from conversations.files import storage
from conversations.transfer import file_members
from conversations.transfer.chatgpt_content import asset_in
from conversations.transfer.imported_conversation import as_text

BLOCK = 1 << 18  # bytes that are read at a time
ASSET_NAMES = "conversation_asset_file_names.json"
MOST_NAMES = 4_000_000  # bytes of it that are read
# What stands before the name: the id of a file. A UUID in place of a name is not used as one.
_BEFORE = re.compile(r"^file[-_][A-Za-z0-9]+[-_.]?")
_UUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
# What zipfile raises for damaged members; RuntimeError is for one with a password.
_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, OSError, EOFError),
    *(ValueError, RuntimeError, NotImplementedError),
)
# Other methods unpack without a limit on the bytes that one read returns.
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


class FileUnreadable(Exception):
    """Exception: a file in the zip cannot be read. `code` says why: "broken" (damaged, with a
    password or packed in an unusual way) or "too_large_file" (beyond the limit of one file, or of
    what the whole import may unpack)."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


class ArchiveFiles:
    """Files of messages in the zip `archive`, an open ZipFile. `count(size)` is called before a
    file of `size` bytes is unpacked, and returns False if that is too much for the whole import."""

    def __init__(self, archive, count):
        self._archive = archive
        self._count = count
        self._members = None

    def find(self, note):
        """Return `(member, name)` for the FileNote `note`: the ZipInfo with its bytes, and what to
        call the file; None if the zip does not have it."""
        if self._members is None:
            self._members, self._names = self._listed(), self._asset_names()
        member = self._members.get(note.asset or note.member)
        if member is None:
            return None
        return member, note.name or self._names.get(note.asset) or _name_in(member.filename)

    def _listed(self):
        """Return `{key: ZipInfo}` for the members of the zip. A key is the path from the folder
        `files/` on, as in the site's own export, or the id that ChatGPT gave the file; a member may
        have both keys or none. Of several members with one key it is the first."""
        found = {}
        for member in self._archive.infolist():
            _before, folder, path = member.filename.rpartition(f"{file_members.FOLDER}/")
            if folder:
                found.setdefault(folder + path, member)
            asset = asset_in(member.filename.rpartition("/")[2])
            if asset:
                found.setdefault(asset, member)
        return found

    def _asset_names(self):
        """Return `{id of a file: its name}` from the member ASSET_NAMES of ChatGPT's export; {} if
        the zip has none, or if it cannot be read."""
        listed = [
            member
            for member in self._archive.infolist()
            if member.filename.rpartition("/")[2] == ASSET_NAMES
        ]
        if not listed or listed[0].file_size > MOST_NAMES:
            return {}
        content = b""
        try:
            for block in self._blocks(listed[0], MOST_NAMES):
                content += block
            found = json.loads(content)
        except (FileUnreadable, ValueError, RecursionError):
            return {}
        pairs = found.items() if isinstance(found, dict) else ()
        return {asset_in(member): as_text(name) for member, name in pairs}

    @contextlib.contextmanager
    def unpacked(self, member, most):
        """Context manager: yield the bytes of the zip's `member` (a ZipInfo) as a temporary file
        with a file descriptor, which a child process can read. Raise FileUnreadable if they cannot
        be unpacked, are more than `most` bytes, or more than the import may still unpack."""
        with TemporaryFile(dir=storage.upload_folder()) as file:
            for block in self._blocks(member, most):
                file.write(block)
            file.flush()
            yield file

    def _blocks(self, member, most):
        """Yield the bytes of the zip's `member` (a ZipInfo) in blocks. Raise FileUnreadable if they
        cannot be unpacked, are more than `most` bytes, or more than the import may still unpack."""
        if member.compress_type not in _METHODS:
            raise FileUnreadable("broken")
        # What a zip declares is not what it has: both are limited.
        if member.file_size > most or not self._count(member.file_size):
            raise FileUnreadable("too_large_file")
        left = member.file_size
        try:
            with self._archive.open(member) as packed:
                while block := packed.read(BLOCK):
                    left -= len(block)
                    if left < 0:
                        raise FileUnreadable("broken")
                    yield block
        except _DAMAGED as error:
            raise FileUnreadable("broken") from error


def _name_in(path):
    """Return the name of a file from `path`, the path of a zip's member: without folders and
    without the id that ChatGPT puts in front; "" if the rest begins with a UUID or is only the
    ending "dat"."""
    name = _BEFORE.sub("", path.rpartition("/")[2])
    return "" if _UUID.match(name) or name == "dat" else name
