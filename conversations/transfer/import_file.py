"""Reader of import files, JSON or zip: yields their conversations one by one, in bounded memory.

A zip may contain further zips, as the privacy centre of ChatGPT sends them. There are limits on the
bytes unpacked, the zips within a zip, and the depth and size of an object (`json_splitter`).
"""

import json
import re
import struct
import zipfile
import zlib
from tempfile import TemporaryFile

from django.conf import settings

from conversations.transfer import chatgpt, native_json
from conversations.transfer.archive_files import ArchiveFiles
from conversations.transfer.imported_conversation import as_text
from conversations.transfer.json_splitter import CHUNK, MOST_OTHERS, CutOff, NotJson, split
from conversations.transfer.report import Unreadable

MEGABYTE = 1_000_000
# A file may unpack to MOST_BYTES or to MOST_TIMES its size, whichever is more. Text is usually
# compressed to a tenth.
MOST_BYTES = 60 * MEGABYTE
MOST_TIMES = 30
# The directory of a zip is read whole; each member is at least 46 bytes of it.
MOST_DIRECTORY = 4 * MEGABYTE
MOST_ZIPS = 100

# What zipfile raises for damaged zips; RuntimeError is for a member with a password.
_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, struct.error),
    *(OSError, EOFError, ValueError, RuntimeError, NotImplementedError),
)
# Other methods unpack without a limit on the bytes that one read returns.
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_TITLE = re.compile(rb'"title"\s*:\s*("(?:[^"\\]|\\.){1,400}")')


class ImportFile:
    """Iterable over the conversations in `file` (binary, seekable; JSON or a zip).

    Yields each conversation as parsed JSON, in the site's own format or ChatGPT's, in an order that
    is the same each time, and None now and then, so that the caller can pause. `files` are the
    ArchiveFiles of the zip that is being read (None: JSON). What cannot be read is added to
    `report` (a Report). Raises Unreadable for a file that is not JSON or a zip, or ends in the
    middle, and once more than `most_bytes` are unpacked (None: a limit that depends on the file's
    size, at least MOST_BYTES).
    """

    def __init__(self, file, report, most_bytes=None):
        self._file = file
        self.report = report
        self.size = file.seek(0, 2)
        if most_bytes is None:
            most_bytes = max(MOST_BYTES, MOST_TIMES * self.size)
        self._left = self._most = most_bytes
        self._zips = 0
        self._others = 0
        self.files = None
        # Bytes to read in all; it grows as zips and files within the zip are unpacked.
        self.total = self.size

    @property
    def done(self):
        """Return the number of bytes read so far (of a zip: unpacked), of `total`; shows the
        progress."""
        return self._most - self._left

    def __iter__(self):
        if not zipfile.is_zipfile(self._file):
            self._file.seek(0)
            yield from self._objects(self._file)
        else:
            self.total = 0
            yield from self._members(self._file, depth=0)

    def _members(self, file, depth):
        """Yield each conversation in the zip `file` as a dict, and None at intervals, so that the
        caller can pause. `depth` is 0 for the import file, 1 for a zip within it. None comes last:
        the caller has to read the files of what it was given before the zip is closed."""
        archive = _opened(file)
        outer, self.files = self.files, ArchiveFiles(archive, self._count_file)
        try:
            yield from self._conversations_in(archive, depth)
            # The caller stores what it has before the zip is closed.
            yield None
        finally:
            self.files = outer

    def _conversations_in(self, archive, depth):
        """Yield each conversation in `archive`, an open ZipFile, as a dict, and None at intervals.
        `depth` is 0 for the import file, 1 for a zip within it."""
        members = [
            member
            for member in archive.infolist()
            if _holds_conversations(member.filename) or (depth == 0 and _is_zip(member.filename))
        ]
        self.total += sum(member.file_size for member in members)
        for member in members:
            try:
                if _is_zip(member.filename):
                    yield from self._inner_zip(archive, member, depth)
                else:
                    yield from self._objects(_Member(archive, member))
            except Unreadable as fault:
                if fault.code == "size":
                    raise
                self.report.fault = fault
                self.report.add_broken(member.filename)

    def _inner_zip(self, archive, member, depth):
        self._zips += 1
        if self._zips > MOST_ZIPS:
            raise Unreadable("size")
        settings.IMPORT_FOLDER.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=settings.IMPORT_FOLDER) as unpacked:
            source = _Member(archive, member)
            while data := source.read(CHUNK):
                self._count(data)
                unpacked.write(data)
                yield None
            if zipfile.is_zipfile(unpacked):
                yield from self._members(unpacked, depth + 1)

    def _objects(self, source):
        """Yield each conversation in the JSON file `source` as a dict, and None after each block
        that was read, so that the caller can pause. Conversations that cannot be read are added to
        the report. Raise Unreadable if the file is no JSON, ends in the middle or is too large."""
        try:
            for piece in split(_Counted(source, self._count)):
                if piece is None:
                    yield None
                elif not piece.is_whole:
                    self.report.add_broken(_title_in(piece.content))
                else:
                    found = self._parsed(piece.content)
                    if native_json.is_ours(found) or chatgpt.is_theirs(found):
                        yield found
                    else:
                        self._count_other()
        except CutOff as error:
            raise Unreadable("cut") from error
        except NotJson as error:
            raise Unreadable("format") from error

    def _parsed(self, content):
        try:
            return json.loads(content.decode(), parse_int=_whole_number)
        except (ValueError, RecursionError):
            self.report.add_broken(_title_in(content))
            return None

    def _count_other(self):
        self._others += 1
        if self._others > MOST_OTHERS:
            raise Unreadable("size")

    def _count_file(self, size):
        """Count the `size` bytes of a message's file before they are unpacked; return False, and
        count nothing, if they are more than the import may still unpack."""
        if size > self._left:
            return False
        self._left -= size
        self.total += size
        return True

    def _count(self, data):
        self._left -= len(data)
        if self._left < 0:
            raise Unreadable("size")


class _Counted:
    """Wrapper of an open file that calls `count(data)` with the bytes of each `read`."""

    def __init__(self, file, count):
        self._file = file
        self._count = count

    def read(self, size):
        data = self._file.read(size)
        self._count(data)
        return data


class _Member:
    """Readable file for one member of a zip, opened at the first `read`; `read` raises Unreadable
    if the member is damaged, has a password or an unusual compression method."""

    def __init__(self, archive, member):
        self._archive = archive
        self._member = member
        self._open = None

    def read(self, size):
        if self._member.compress_type not in _METHODS:
            raise Unreadable("zip")
        try:
            if self._open is None:
                self._open = self._archive.open(self._member)
            return self._open.read(size)
        except _DAMAGED as error:
            raise Unreadable("zip") from error


class _LimitedReads:
    """Wrapper of a seekable file whose `read` raises Unreadable for more than MOST_DIRECTORY bytes
    at once: zipfile reads the directory of a zip by one call, however large it is."""

    def __init__(self, file):
        self._file = file
        self.seek, self.tell, self.close = file.seek, file.tell, file.close
        self.seekable = file.seekable

    def read(self, size=-1):
        if size > MOST_DIRECTORY:
            raise Unreadable("size")
        return self._file.read(MOST_DIRECTORY if size < 0 else size)


def _opened(file):
    try:
        return zipfile.ZipFile(_LimitedReads(file))
    except _DAMAGED as error:
        raise Unreadable("zip") from error


def _is_zip(name):
    return name.lower().endswith(".zip") and "__MACOSX" not in name


def _holds_conversations(name):
    """Return True if a zip's member of this name may contain conversations: `conversations….json`
    of ChatGPT (several in a large export), or a JSON file in a folder `conversations`, as in the
    site's own export."""
    folder, _slash, base = name.lower().rpartition("/")
    if not base.endswith(".json") or "__macosx" in folder:
        return False
    return base.startswith("conversations") or folder.endswith("conversations")


def _whole_number(digits):
    """Convert `digits`, a whole number in JSON, to an int, or from 20 characters on to a float:
    `int` takes quadratic time (a quarter of a second for 8 MB of numbers of 4,300 digits)."""
    return int(digits) if len(digits) < 20 else float(digits)


def _title_in(content):
    """Return the title found in `content`, the bytes of a conversation whose JSON cannot be parsed;
    "" if there is none. Used to name it in the report."""
    found = _TITLE.search(content[:MEGABYTE])
    try:
        return as_text(json.loads(found[1])) if found else ""
    except ValueError:
        return ""
