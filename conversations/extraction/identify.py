"""Identification of a file's kind by its content, never by its name or by what the browser
claims."""

from typing import BinaryIO

from . import office, pdf, picture, plain_text
from .finding import Finding, Refusal
from .picture_formats import begins_like_one

_HEAD = 4_096  # bytes looked at
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif")


def read(file: BinaryIO, write: BinaryIO) -> Finding:
    """Identify and read `file` (binary, seekable); return its Finding. For a picture, write its
    re-encoded copies to `write`, a binary file.

    Raise Refusal if the file is of no accepted kind or cannot be read.
    """
    file.seek(0)
    head = file.read(_HEAD)
    file.seek(0)
    if not head:
        raise Refusal("empty")
    if begins_like_one(head):
        return picture.read(file, write)
    # A PDF may begin with other bytes, as ISO 32000 allows.
    if b"%PDF-" in head[:1_024]:
        return pdf.read(file)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return office.read(file)
    if head.startswith(_OLE):
        raise Refusal("old_office")
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS:
        raise Refusal("heic")
    return plain_text.read(file)
