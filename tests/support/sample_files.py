"""Files made byte by byte: ordinary ones as people upload them, and the parts of malicious ones.
All functions return bytes, unless they say otherwise."""

import io
import math
import random
import struct
import zipfile
import zlib

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

PACKAGE = "application/vnd.openxmlformats-officedocument."
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
MAINS = {
    "docx": ("word/document.xml", "wordprocessingml.document"),
    "xlsx": ("xl/workbook.xml", "spreadsheetml.sheet"),
    "pptx": ("ppt/presentation.xml", "presentationml.presentation"),
}


def upload(content, name="file.bin"):
    """Return the bytes `content` as Django's uploaded file called `name`, as views receive it."""
    return SimpleUploadedFile(name, content)


def picture(kind="PNG", size=(60, 40), mode="RGB", colour=(200, 30, 30), **options):
    """Return a picture in one colour; `kind` is Pillow's name of the format, `size` is `(width,
    height)` in pixels, `mode` and `colour` are those of Pillow's `Image.new`, `options` those of
    its `save`."""
    written = io.BytesIO()
    Image.new(mode, size, colour).save(written, kind, **options)
    return written.getvalue()


def noise(size=(400, 300), kind="PNG", seed=1):
    """Return a picture of random pixels, which no encoder makes small; `size` is `(width, height)`
    in pixels, `kind` Pillow's name of the format, `seed` that of the random numbers."""
    content = random.Random(seed).randbytes(size[0] * size[1] * 3)
    written = io.BytesIO()
    Image.frombytes("RGB", size, content).save(written, kind)
    return written.getvalue()


def pdf(*pages, objects=(), raw=b""):
    """Return a PDF with a page for each of the texts `pages`. `objects` are further PDF objects
    (bytes), `raw` are bytes after its end."""
    kids = " ".join(f"{3 + 2 * number} 0 R" for number in range(len(pages)))
    made = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>".encode(),
    ]
    for number, text in enumerate(pages):
        shown = b"BT /F1 12 Tf 20 700 Td (%s) Tj ET" % text.encode("latin-1") if text else b""
        made.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents %d 0 R/Resources"
            b"<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>" % (4 + 2 * number)
        )
        made.append(stream(shown))
    return written_pdf([*made, *objects], raw)


def stream(content, more=b""):
    """Return a PDF stream object with `content`; `more` are further entries of its dictionary."""
    return b"<</Length %d%s>>stream\n%s\nendstream" % (len(content), more, content)


def written_pdf(objects, raw=b"", trailer=b""):
    """Return a PDF of `objects` (bytes, numbered from 1; the first is the catalogue), with `raw`
    after its end and `trailer` as further entries of its trailer."""
    content, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(content))
        content += b"%d 0 obj%s endobj\n" % (number, each)
    start = len(content)
    content += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    content += b"".join(b"%010d 00000 n \n" % place for place in places)
    content += b"trailer<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        trailer,
        start,
    )
    return content + raw


def packed(parts, compression=zipfile.ZIP_DEFLATED):
    """Return a zip of `parts`, a dict of contents by name; `compression` is one of zipfile's
    constants."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", compression) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return written.getvalue()


def office(ending, parts):
    """Return an Office document of the type `ending` ("docx", "xlsx", "pptx") with `parts`, a dict
    of XML by name; the table of content types is added."""
    main, kind = MAINS[ending]
    types = (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        f'<Override PartName="/{main}" ContentType="{PACKAGE}{kind}.main+xml"/></Types>'
    )
    return packed({"[Content_Types].xml": types, **parts})


def docx(*paragraphs, body=""):
    """Return a Word document (.docx) as bytes: a paragraph for each of the texts `paragraphs`, then
    `body`, a text with WordprocessingML elements such as a table. All are inserted as they are, so
    `&` and `<` in a paragraph must be escaped."""
    inside = "".join(f"<w:p><w:r><w:t>{each}</w:t></w:r></w:p>" for each in paragraphs)
    document = f"<w:document {W}><w:body>{inside}{body}</w:body></w:document>"
    return office("docx", {"word/document.xml": document})


def xlsx(*rows, sheet="Sheet1"):
    """Return an Excel workbook of one sheet called `sheet`. Each of `rows` is a list of numbers and
    texts; texts are stored as shared strings."""
    shared, lines = [], []
    for row in rows:
        cells = []
        for value in row:
            if isinstance(value, str):
                cells.append(f'<c t="s"><v>{len(shared)}</v></c>')
                shared.append(f"<si><t>{value}</t></si>")
            else:
                cells.append(f"<c><v>{value}</v></c>")
        lines.append(f"<row>{''.join(cells)}</row>")
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    return office(
        "xlsx",
        {
            "xl/workbook.xml": f'<workbook xmlns:r="{relation}"><sheets>'
            f'<sheet name="{sheet}" sheetId="1" r:id="rId1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": "<Relationships>"
            '<Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>',
            "xl/sharedStrings.xml": f"<sst>{''.join(shared)}</sst>",
            "xl/worksheets/sheet1.xml": "<worksheet><sheetData>"
            f"{''.join(lines)}</sheetData></worksheet>",
        },
    )


def pptx(*slides):
    """Return a PowerPoint presentation with a slide for each of the texts `slides`."""
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    ids = "".join(f'<sldId id="{256 + at}" r:id="rId{at}"/>' for at in range(len(slides)))
    targets = "".join(
        f'<Relationship Id="rId{at}" Target="slides/slide{at}.xml"/>' for at in range(len(slides))
    )
    parts = {
        "ppt/presentation.xml": f'<p xmlns:r="{relation}"><sldIdLst>{ids}</sldIdLst></p>',
        "ppt/_rels/presentation.xml.rels": f"<Relationships>{targets}</Relationships>",
    }
    a = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    for at, text in enumerate(slides):
        parts[f"ppt/slides/slide{at}.xml"] = f"<s {a}><a:p><a:r><a:t>{text}</a:t></a:r></a:p></s>"
    return office("pptx", parts)


def png_of(width, height, grey=True):
    """Return a PNG of `width` by `height` pixels in one colour: few bytes, but large when decoded.
    It has one channel (grey) of 8 bits, or four (RGBA) if `grey` is False."""
    row = b"\0" + bytes(width * (1 if grey else 4))
    rows = math.gcd(height, 100)
    body = repeated(row * rows, height // rows)
    header = struct.pack(">IIBBBBB", width, height, 8, 0 if grey else 6, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )


def repeated(block, count):
    """Return `block`, repeated `count` times, in zlib's format. The block is compressed once and
    its compressed bytes repeated, so that a decompression bomb takes no longer to make than one
    block."""
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    packed = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    check = 1
    for _ in range(count):
        check = zlib.adler32(block, check)
    return b"\x78\xda" + packed * count + packer.flush() + struct.pack(">I", check)


def chunk(name, content):
    """Return a PNG chunk of the type `name` with its length and checksum."""
    return (
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
    )


def scanned_pdf(*pictures):
    """Return a PDF without text, with a page for each of the JPEGs (bytes) `pictures`, as scanners
    make it."""
    kids = " ".join(f"{3 + 3 * at} 0 R" for at in range(len(pictures)))
    made = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {len(pictures)}>>".encode(),
    ]
    for at, content in enumerate(pictures):
        width, height = Image.open(io.BytesIO(content)).size
        described = (
            b"/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceRGB"
            b"/BitsPerComponent 8/Filter/DCTDecode" % (width, height)
        )
        made += [
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents %d 0 R/Resources"
            b"<</XObject<</Im0 %d 0 R>>>>>>" % (4 + 3 * at, 5 + 3 * at),
            stream(b"q 600 0 0 800 0 0 cm /Im0 Do Q"),
            stream(content, described),
        ]
    return written_pdf(made)
