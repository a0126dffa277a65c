"""Malicious files for tests of text extraction: decompression bombs, false sizes, polyglots. The
functions return a file as bytes; FILES has, by description, one for each file and its outcomes."""

import io
import os
import struct
import zipfile
import zlib

from PIL import Image

from tests.support import sample_files as made

MEGABYTE = 1_000_000
# Number of elements in files with very many: enough to show that no resource grows with them.
MANY = 1_000_000 if os.environ.get("SOAK") else 60_000
LAUGHS = (
    '<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + at)} "{f"&{chr(97 + at)};" * 10}">' for at in range(9))
    + "]>"
)


def flate(size, times=1):
    """Return a PDF whose page, compressed `times` times over, unpacks to `size` bytes (whole
    megabytes)."""
    content = made.repeated(b" " * MEGABYTE, size // MEGABYTE)
    for _ in range(times - 1):
        content = zlib.compress(content, 9)
    filters = b"/Filter[" + b"/FlateDecode" * times + b"]"
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>"
    pages = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", page]
    return made.written_pdf([*pages, made.stream(content, filters)])


def pdf_with(*objects):
    """Return a PDF of a catalogue and `objects` (bytes), the first of which is its tree of
    pages."""
    return made.written_pdf([b"<</Type/Catalog/Pages 2 0 R>>", *objects])


def circle_of_pages():
    """Return a PDF whose tree of pages contains itself."""
    return pdf_with(b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 9>>")


def deep_pdf():
    """Return a PDF with 50,000 nested arrays."""
    return pdf_with(b"<</Type/Pages/Count 1/Kids" + b"[" * 50_000 + b"]" * 50_000 + b">>")


def many_pages():
    """Return a PDF of 10,000 pages."""
    kids = b"3 0 R " * 10_000
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"
    return pdf_with(b"<</Type/Pages/Kids[" + kids + b"]/Count 10000>>", page)


def endless_names():
    """Return a PDF with a name of 5 MB."""
    name = b"/" + b"n" * 5 * MEGABYTE
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]" + name + b" 1>>"
    return pdf_with(b"<</Type/Pages/Kids[3 0 R]/Count 1>>", page)


def slow_page():
    """Return a PDF whose page has 150,000 pieces of text, each positioned by itself."""
    shown = b"BT /F1 9 Tf " + b"(x) Tj 1 0 0 1 1 1 cm q Q " * 150_000 + b"ET"
    return _page_of(shown)


def _page_of(content):
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>"
    return pdf_with(b"<</Type/Pages/Kids[3 0 R]/Count 1>>", page, made.stream(content))


def word(document, **more):
    """Return a Word document whose main part is the XML `document`; `more` has the XML of further
    parts by name."""
    return made.office("docx", {"word/document.xml": document, **more})


def paragraphs(count):
    inside = "<w:p><w:r><w:t>x</w:t></w:r></w:p>" * count
    return word(f"<w:document {made.W}><w:body>{inside}</w:body></w:document>")


def without_text(count):
    inside = "<w:p/>" * count
    return word(f"<w:document {made.W}><w:body>{inside}</w:body></w:document>")


def one_text(size):
    return word(f"<w:document {made.W}><w:p><w:t>{'x' * size}</w:t></w:p></w:document>")


def attributes(count):
    said = " ".join(f'a{number}="x"' for number in range(count))
    return word(f"<w:document {made.W}><w:p {said}/></w:document>")


def shared_strings(count):
    book = made.xlsx(["a"])
    return _with_part(
        book, "xl/sharedStrings.xml", "<sst>" + "<si><t>x</t></si>" * count + "</sst>"
    )


def cells(count):
    rows = "<row>" + "<c><v>1</v></c>" * 1_000 + "</row>"
    sheet = f"<worksheet><sheetData>{rows * (count // 1_000)}</sheetData></worksheet>"
    return _with_part(made.xlsx(["a"]), "xl/worksheets/sheet1.xml", sheet)


def _with_part(package, name, content):
    written = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(package)) as old,
        zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for each in old.namelist():
            new.writestr(each, content if each == name else old.read(each))
    return written.getvalue()


def lying_size():
    """Return a Word document in whose zip directory a large part is said to have 10 bytes."""
    package = bytearray(without_text(10 * MANY))
    with zipfile.ZipFile(io.BytesIO(bytes(package))) as whole:
        real = whole.getinfo("word/document.xml").file_size
    return bytes(package).replace(struct.pack("<I", real), struct.pack("<I", 10))


def many_entries():
    """Return a Word document of 6,000 parts."""
    return made.office("docx", {f"word/{number}.xml": "" for number in range(6_000)})


def huge_part(size):
    """Return a Word document whose main part unpacks to `size` bytes of spaces."""
    written = io.BytesIO(made.office("docx", {}))
    block = b" " * MEGABYTE
    with zipfile.ZipFile(written, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        with package.open("word/document.xml", "w") as part:
            part.write(b"<a>")
            for _ in range(size // MEGABYTE):
                part.write(block)
            part.write(b"</a>")
    return written.getvalue()


def climbing():
    """Return a Word document with a part whose name leads out of the folder of unpacking
    (`../`)."""
    return made.office("docx", {"../../../etc/passwd": "x", "word/document.xml": "<a/>"})


def relationship_outside():
    """Return a workbook in which the relationship of its sheet points to a file of the server
    (file:///etc/passwd)."""
    book = made.xlsx(["a"])
    rels = '<Relationships><Relationship Id="rId1" TargetMode="External" Target="file:///etc/passwd"/></Relationships>'
    return _with_part(book, "xl/_rels/workbook.xml.rels", rels)


def cut_jpeg():
    """Return the first half of a JPEG."""
    whole = made.noise((900, 900), "JPEG")
    return whole[: len(whole) // 2]


def gif_frames():
    """Return a GIF animation of 600 frames."""
    frames = [Image.new("P", (64, 64), number % 255) for number in range(600)]
    written = io.BytesIO()
    frames[0].save(written, "GIF", save_all=True, append_images=frames[1:])
    return written.getvalue()


def png_with_text(size):
    """Return a PNG with a compressed comment that unpacks to `size` bytes."""
    comment = made.chunk(b"zTXt", b"k\0\0" + made.repeated(b"x" * MEGABYTE, size // MEGABYTE))
    png = made.picture()
    return png[:33] + comment + png[33:]


def png_with_profile(size):
    """Return a PNG with a colour profile that unpacks to `size` bytes."""
    profile = made.chunk(b"iCCP", b"p\0\0" + made.repeated(b"x" * MEGABYTE, size // MEGABYTE))
    png = made.picture()
    return png[:33] + profile + png[33:]


# {description: (function that makes the file, codes of the refusals that are right; "": accepted)}
FILES = {
    "a picture of 400 megapixels": (lambda: made.png_of(20_000, 20_000), {"too_many_pixels"}),
    "a picture of 49 megapixels with transparency": (
        lambda: made.png_of(7_000, 7_000, grey=False),
        {"", "too_large"},
    ),
    "a picture 65,000 pixels wide and 700 high": (lambda: made.png_of(65_000, 700), {""}),
    "a picture that says it is two thousand million pixels": (
        lambda: made.png_of(10, 10).replace(
            struct.pack(">II", 10, 10), struct.pack(">II", 50_000, 40_000)
        ),
        {"too_many_pixels", "broken"},
    ),
    "a picture that ends half way": (cut_jpeg, {"broken"}),
    "an animation of 600 pictures": (gif_frames, {""}),
    "a picture with a comment of 100 MB": (lambda: png_with_text(100 * MEGABYTE), {"", "broken"}),
    "a picture with a profile of 100 MB": (
        lambda: png_with_profile(100 * MEGABYTE),
        {"", "broken"},
    ),
    "a picture with a zip behind it": (
        lambda: made.picture("JPEG") + made.packed({"x.html": "<script>"}),
        {""},
    ),
    "a picture that is a page too": (
        lambda: made.picture("GIF") + b"<script>alert(1)</script>",
        {""},
    ),
    "a page that is a PDF too": (
        lambda: b"<html><script>alert(1)</script>" + made.pdf("x"),
        {"", "broken"},
    ),
    "a PDF that unpacks to 260 MB": (lambda: flate(260 * MEGABYTE), {"", "too_much", "too_large"}),
    "a PDF packed three times over": (
        lambda: flate(260 * MEGABYTE, 3),
        {"", "too_much", "too_large"},
    ),
    "a PDF whose pages are their own parents": (circle_of_pages, {"broken", "too_much", ""}),
    "a PDF of 50,000 lists within each other": (deep_pdf, {"broken"}),
    "a PDF of 10,000 pages": (many_pages, {"too_much"}),
    "a PDF with a name of 5 MB": (endless_names, {"", "broken", "too_much"}),
    "a PDF whose page takes long": (slow_page, {"", "too_long"}),
    "a PDF that ends half way": (lambda: made.pdf("x" * 900)[:500], {"", "broken"}),
    "a document of very many paragraphs": (lambda: paragraphs(MANY), {""}),
    "a document of very many empty paragraphs": (
        lambda: without_text(4 * MANY),
        {"", "too_long"},
    ),
    "a document with one text of 100 MB": (lambda: one_text(100 * MEGABYTE), {"", "too_much"}),
    "a document of elements within each other": (
        lambda: word("<a>" * 100_000 + "</a>" * 100_000),
        {"too_much"},
    ),
    "a document with very many attributes": (
        lambda: attributes(MANY // 3),
        {"", "too_large", "too_much", "too_long"},
    ),
    "a document that laughs a billion times": (
        lambda: word(f"{LAUGHS}<w:document {made.W}><w:t>&j;</w:t></w:document>"),
        {"broken"},
    ),
    "a document that reads a file": (
        lambda: word(
            '<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
            f"<w:document {made.W}><w:t>&f;</w:t></w:document>"
        ),
        {"broken"},
    ),
    "a document whose part is larger than it says": (lying_size, {"broken", "too_much", ""}),
    "a document with a part of 220 MB": (
        lambda: huge_part(220 * MEGABYTE),
        {"too_much"},
    ),
    "a document of 6,000 parts": (many_entries, {"too_much"}),
    "a document with names that climb": (climbing, {""}),
    "a workbook of very many texts": (lambda: shared_strings(MANY), {""}),
    "a workbook of very many cells": (lambda: cells(3 * MANY), {""}),
    "a workbook whose sheet is elsewhere": (relationship_outside, {""}),
    "a text of 20 MB in one line": (lambda: b"x" * 20 * MEGABYTE, {""}),
}
