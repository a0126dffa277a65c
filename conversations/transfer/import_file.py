"""Reads the conversations of an import file, JSON or zip, one by one and in bounded memory.

A zip may hold further zips, as the privacy centre of ChatGPT sends them. Limits are on what a file
becomes: bytes unpacked, members of a zip, depth and size of an object (`json_splitter`).
"""

import json
import re
import struct
import zipfile
import zlib
from tempfile import TemporaryFile

from django.conf import settings

from conversations.transfer import chatgpt, native_json
from conversations.transfer.imported_conversation import as_text
from conversations.transfer.json_splitter import CHUNK, MOST_OTHERS, CutOff, NotJson, split
from conversations.transfer.report import Unreadable

MEGABYTE = 1_000_000
# A file may unpack to so much, or to so many times its size. Text packs to a tenth.
MOST_BYTES = 60 * MEGABYTE
MOST_TIMES = 30
# The directory of a zip is read whole; each member is at least 46 bytes of it.
MOST_DIRECTORY = 4 * MEGABYTE
MOST_ZIPS = 100

# What zipfile raises for bytes that are none; RuntimeError is for a member with a password.
_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, struct.error),
    *(OSError, EOFError, ValueError, RuntimeError, NotImplementedError),
)
# Others unpack without a limit on what comes of one read.
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_TITLE = re.compile(rb'"title"\s*:\s*("(?:[^"\\]|\\.){1,400}")')


class ImportFile:
    """The conversations in `file` (binary, seekable).

    Iterating gives each as parsed JSON of either format, in an order that is always the same, and
    None now and then, so that the caller can pause. What cannot be read is noted in `report`; a
    file in which there is more than `most_bytes` raises Unreadable when it comes to it.
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
        # Bytes of JSON, read and in all; the second grows as zips within the zip are opened.
        self.total = self.size

    @property
    def done(self):
        """How many of the `total` bytes were read."""
        return self._most - self._left

    def __iter__(self):
        if not zipfile.is_zipfile(self._file):
            self._file.seek(0)
            yield from self._objects(self._file)
        else:
            self.total = 0
            yield from self._members(self._file, depth=0)

    def _members(self, file, depth):
        """The conversations in the zip `file`, which lies in `depth` other zips."""
        archive = _opened(file)
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
        """The conversations in the JSON that `source` reads."""
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

    def _count(self, data):
        self._left -= len(data)
        if self._left < 0:
            raise Unreadable("size")


class _Counted:
    """A file of which each read is counted."""

    def __init__(self, file, count):
        self._file = file
        self._count = count

    def read(self, size):
        data = self._file.read(size)
        self._count(data)
        return data


class _Member:
    """A member of a zip, opened when it is read; what is wrong with it raises Unreadable."""

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
    """A seekable file that refuses to be read in one large piece, as the directory of a zip is."""

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
    """Whether a member of a zip may hold some: ours, or ChatGPT's, whose big ones are in parts."""
    folder, _slash, base = name.lower().rpartition("/")
    if not base.endswith(".json") or "__macosx" in folder:
        return False
    return base.startswith("conversations") or folder.endswith("conversations")


def _whole_number(digits):
    """The number that is written so. Of a long one an approximation, which is made in linear time:
    8 MB of numbers of 4,300 digits, made exact, took a quarter of a second."""
    return int(digits) if len(digits) < 20 else float(digits)


def _title_in(content):
    """The title in the bytes of a conversation that cannot be read, "" where there is none."""
    found = _TITLE.search(content[:MEGABYTE])
    try:
        return as_text(json.loads(found[1])) if found else ""
    except ValueError:
        return ""
