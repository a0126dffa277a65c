"""Small files that a probe sends to a gateway: a picture and a PDF, made here byte by byte."""

import base64
import struct
import zlib

# A word that stands in the PDF and nowhere in the question.
WORD = "marigold"
_SIDE = 64  # pixels; some models refuse smaller pictures


def picture_part() -> dict:
    """Return the content part `input_image` (dict) for a request, with a red square as a PNG."""
    rows = (b"\0" + b"\xd0\x20\x20" * _SIDE) * _SIDE
    png = b"\x89PNG\r\n\x1a\n"
    png += _chunk(b"IHDR", struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 2, 0, 0, 0))
    png += _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")
    return {"type": "input_image", "detail": "auto", "image_url": _data_url("image/png", png)}


def document_part() -> dict:
    """Return the content part `input_file` (dict) for a request, with a PDF whose only page says
    "The word is marigold."."""
    text = f"BT /F1 24 Tf 40 100 Td (The word is {WORD}.) Tj ET".encode()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 200]/Contents 4 0 R"
        b"/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(text), text),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    pdf, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(pdf))
        pdf += b"%d 0 obj%s endobj\n" % (number, each)
    start = len(pdf)
    pdf += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    pdf += b"".join(b"%010d 00000 n \n" % place for place in places)
    pdf += b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return {
        "type": "input_file",
        "filename": "probe.pdf",
        "file_data": _data_url("application/pdf", pdf),
    }


def _chunk(name: bytes, content: bytes) -> bytes:
    """Return a chunk of a PNG: length, name, content and checksum."""
    checksum = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + checksum


def _data_url(media_type: str, content: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"
