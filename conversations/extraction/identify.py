"""Identification of a file's kind by its content, never by its name or by what the browser
claims."""

from collections.abc import Callable
from typing import BinaryIO

from .finding import Finding, Refusal
from .picture_formats import begins_like_one

_HEAD = 4_096  # bytes looked at
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif")


def reader_of(file: BinaryIO) -> Callable[[BinaryIO, BinaryIO], Finding]:
    """Return the function that reads `file` (binary, seekable), by how it begins. It is called with
    the file and a binary file, to which it writes the re-encoded copies of a picture; it returns
    the Finding, or raises Refusal.

    Only the modules that this function needs are imported, for most of the processor time of a
    small file would go into the others. Raise Refusal: "empty", "old_office" or "heic"; any other
    kind that is not known is left to the reader of plain text, which raises "unknown".
    """
    file.seek(0)
    head = file.read(_HEAD)
    file.seek(0)
    if not head:
        raise Refusal("empty")
    if begins_like_one(head):
        from . import picture

        return picture.read
    # A PDF may begin with other bytes, as ISO 32000 allows.
    if b"%PDF-" in head[:1_024]:
        from . import pdf

        return _without_copies(pdf.read)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        from . import office

        return _without_copies(office.read)
    if head.startswith(_OLE):
        raise Refusal("old_office")
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS:
        raise Refusal("heic")
    from . import plain_text

    return _without_copies(plain_text.read)


def _without_copies(read: Callable[[BinaryIO], Finding]) -> Callable[[BinaryIO, BinaryIO], Finding]:
    """Return a function of two arguments, as `reader_of` returns, that calls `read` with the first,
    the file, and ignores the second: for kinds of which no re-encoded copies are made."""
    return lambda file, _write: read(file)
