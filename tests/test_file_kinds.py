"""What is read from a file: its kind by trying, pictures encoded anew, texts of documents."""

import io
from pathlib import Path

import pytest
from PIL import Image

from conversations.extraction import limits
from conversations.extraction.finding import Refusal
from conversations.extraction.process import read_file
from tests.support import sample_files as made

pytestmark = pytest.mark.once


@pytest.fixture
def read(tmp_path):
    """Reads bytes as the site does: in the child process."""

    def read(content):
        path = Path(tmp_path / "upload")
        path.write_bytes(content)
        with path.open("rb") as file:
            return read_file(file, tmp_path)

    return read


def refusal(read, content):
    with pytest.raises(Refusal) as refused:
        read(content)
    return refused.value.code


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_picture_is_encoded_anew(read, kind):
    with read(made.picture(kind, (640, 480))) as found:
        assert found.finding.kind == "picture"
        assert found.finding.media_type == "image/jpeg"
        assert (found.finding.width, found.finding.height) == (640, 480)
        large, small = Image.open(io.BytesIO(found.large)), Image.open(io.BytesIO(found.small))
        assert large.size == (640, 480)
        assert small.size == (320, 240)
        assert not large.getexif()


def test_the_same_picture_becomes_the_same_bytes(read):
    picture = made.noise()
    with read(picture) as first, read(picture) as second:
        assert first.large == second.large


def test_a_picture_is_turned_as_its_exif_says_and_loses_it(read):
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "taken at home"
    with read(made.picture("JPEG", (60, 40), exif=exif)) as found:
        assert (found.finding.width, found.finding.height) == (40, 60)
        assert b"home" not in found.large
        assert b"Exif" not in found.large


def test_a_large_picture_is_made_smaller(read):
    with read(made.png_of(5_000, 2_500)) as found:
        assert (found.finding.width, found.finding.height) == (2_048, 1_024)


def test_a_transparent_picture_stays_png(read):
    with read(made.picture("PNG", mode="RGBA", colour=(1, 2, 3, 40))) as found:
        assert found.finding.media_type == "image/png"
    with read(made.picture("PNG", mode="RGBA", colour=(1, 2, 3, 255))) as found:
        assert found.finding.media_type == "image/jpeg"


@pytest.mark.parametrize(
    ("mode", "colour"), [("1", 1), ("L", 90), ("P", 5), ("I;16", 900), ("CMYK", (1, 2, 3, 4))]
)
def test_pictures_of_other_depths_are_taken(read, mode, colour):
    kind = "JPEG" if mode == "CMYK" else "PNG"
    with read(made.picture(kind, mode=mode, colour=colour)) as found:
        assert found.finding.media_type == "image/jpeg"


def test_a_pdf_is_read_page_by_page(read):
    with read(made.pdf("First words", "", "Third words")) as found:
        assert found.finding.media_type == "application/pdf"
        assert found.finding.pages == 3
        assert found.finding.text.split() == ["First", "words", "Third", "words"]


def test_a_pdf_without_text_is_taken(read):
    with read(made.pdf("", "")) as found:
        assert (found.finding.pages, found.finding.text) == (2, "")


def test_a_word_document_is_read(read):
    table = (
        "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc>"
        "<w:tc><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
        "<w:p><w:r><w:delText>gone</w:delText></w:r></w:p>"
    )
    with read(made.docx("One", "Two &amp; three", body=table)) as found:
        assert found.finding.media_type.endswith("wordprocessingml.document")
        lines = found.finding.text.splitlines()
        assert lines[:2] == ["One", "Two & three"]
        assert lines[2].split() == ["a", "b"]
        assert "gone" not in found.finding.text


def test_a_workbook_is_read_as_rows(read):
    with read(made.xlsx(["Name", "Sum"], ["Ann", 12.5], sheet="Costs")) as found:
        assert found.finding.text == "Costs\nName\tSum\nAnn\t12.5"
        assert found.finding.pages == 1


def test_a_presentation_is_read_slide_by_slide(read):
    with read(made.pptx("Hello", "Thanks")) as found:
        assert found.finding.text == "Slide 1\nHello\n\nSlide 2\nThanks"
        assert found.finding.pages == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_text_is_read_in_its_encoding(read, encoding):
    text = "def f():\r\n    return 'héllo, this is a line of text'\r\n"
    with read(text.encode(encoding)) as found:
        assert found.finding.media_type == "text/plain"
        assert found.finding.text == text.replace("\r\n", "\n")


@pytest.mark.parametrize(
    "text", ["<svg onload='alert(1)'/>", "<!doctype html><script>x()</script>"]
)
def test_svg_and_html_are_texts(read, text):
    with read(text.encode()) as found:
        assert (found.finding.media_type, found.finding.text) == ("text/plain", text)


def test_a_long_text_is_cut_where_it_is_said(read):
    with read(b"x" * (limits.MOST_CHARACTERS + 1)) as found:
        assert found.finding.is_cut
        assert len(found.finding.text) == limits.MOST_CHARACTERS
    with read(b"x" * limits.MOST_CHARACTERS) as found:
        assert not found.finding.is_cut


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\x7fELF\x02\x01\x01" + bytes(60), "unknown"),
        (b"MZ\x90\0" + bytes(range(256)), "unknown"),
        (b"\xff\xfe\x00", "unknown"),
        (b"ok so far \xc3", "unknown"),
        (b"\x01\x02\x03" * 40, "unknown"),
        (b"\0\0\0\x18ftypheic" + bytes(40), "heic"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old_office"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "broken"),
        (b"\xff\xd8\xff\xe0" + bytes(40), "broken"),
        (b"%PDF-1.4\nnothing at all", "broken"),
        (b"PK\x03\x04" + bytes(40), "broken"),
    ],
)
def test_what_is_of_no_kind_is_refused_by_name(read, content, code):
    assert refusal(read, content) == code


def test_an_ordinary_zip_is_refused_as_an_archive(read):
    assert refusal(read, made.packed({"a.txt": "a"})) == "archive"


def test_the_child_has_no_network(read):
    with read(b"text") as found:
        assert found.network in ("seccomp", "namespace", "descriptors")
