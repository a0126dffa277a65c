"""Office documents (docx, xlsx, pptx): extracts their text from a stream of the XML in the zip.

Libraries for them build trees of whole documents: 0.4 MB of docx with four million paragraphs take
one of them 2.8 GB. This module reads one element after the other, and stops at its limits.
"""

import posixpath
import zipfile
from collections.abc import Iterator
from typing import BinaryIO

from .finding import DOCUMENT, Finding, Refusal
from .limits import MOST_CHARACTERS, MOST_ENTRIES, MOST_PAGES, MOST_RATIO, MOST_UNPACKED
from .xml_stream import Element, elements

_PACKAGE = "application/vnd.openxmlformats-officedocument."
# What [Content_Types].xml calls the main part, by which a document is known; and its media type.
_KINDS = {
    "wordprocessingml.document": f"{_PACKAGE}wordprocessingml.document",
    "spreadsheetml.sheet": f"{_PACKAGE}spreadsheetml.sheet",
    "presentationml.presentation": f"{_PACKAGE}presentationml.presentation",
}
_MACROS = {
    "application/vnd.ms-word.document.macroenabled.main+xml": "wordprocessingml.document",
    "application/vnd.ms-excel.sheet.macroenabled.main+xml": "spreadsheetml.sheet",
    "application/vnd.ms-powerpoint.presentation.macroenabled.main+xml": (
        "presentationml.presentation"
    ),
}
_TYPES = "[Content_Types].xml"
_BLOCK = 1 << 16


class _Full(Exception):
    """Raised when MOST_CHARACTERS of text were collected, to end the reading of a document."""


class _Text:
    """Buffer for the text of a document, at most MOST_CHARACTERS long; `str()` returns the text
    without line ends around it."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0

    def add(self, piece: str) -> None:
        """Append the text `piece`. If it does not fit into MOST_CHARACTERS, append what fits and
        raise _Full."""
        room = MOST_CHARACTERS - self._length
        self._pieces.append(piece[:room])
        self._length += len(piece)
        if len(piece) > room:
            raise _Full

    def __str__(self) -> str:
        return "".join(self._pieces).strip("\n")


class _Package:
    """Zip of an Office document: reads its parts (the files within it), with limits on their
    unpacked size. Raise Refusal ("too_much") if it has more than MOST_ENTRIES parts."""

    def __init__(self, file: BinaryIO) -> None:
        self._zip = zipfile.ZipFile(file)
        infos = self._zip.infolist()
        if len(infos) > MOST_ENTRIES:
            raise Refusal("too_much")
        self._infos = {info.filename: info for info in infos}
        self._left = MOST_UNPACKED

    def __contains__(self, name: str) -> bool:
        """Return True if the zip has a part called `name`."""
        return name in self._infos

    def blocks(self, name: str) -> Iterator[bytes]:
        """Yield the unpacked bytes of the zip's part `name` in blocks. Raise Refusal: "too_much" if
        this part, or all parts read so far, exceed the limits, whatever size the zip states;
        "encrypted" if it needs a password."""
        info = self._infos[name]
        if info.flag_bits & 1:
            raise Refusal("encrypted")
        size, most = 0, max(info.compress_size, 1) * MOST_RATIO
        with self._zip.open(info) as part:
            while block := part.read(_BLOCK):
                size += len(block)
                self._left -= len(block)
                if self._left < 0 or size > max(most, 10_000_000):
                    raise Refusal("too_much")
                yield block

    def elements(self, name: str) -> Iterator[Element]:
        """Yield the Elements of the zip's XML part `name`; nothing if there is no such part."""
        if name in self:
            yield from elements(self.blocks(name))

    def targets(self, part: str) -> dict[str, str]:
        """Return the relationships of the zip's part `part` as `{relationship id: name of the
        related part}`."""
        folder, name = posixpath.split(part)
        found = {}
        for element in self.elements(f"{folder}/_rels/{name}.rels"):
            if element.ends or element.name != "Relationship":
                continue
            target = element.attributes.get("Target", "")
            path = target.lstrip("/") if target.startswith("/") else f"{folder}/{target}"
            found[element.attributes.get("Id", "")] = posixpath.normpath(path)
        return found


def read(file: BinaryIO) -> Finding:
    """Return the Finding with the text of `file`, a document of Word, Excel or PowerPoint.

    Raise Refusal: "archive" for any other zip, "encrypted", "too_much" (beyond the limits),
    "too_large" (out of memory) or "broken".
    """
    try:
        package = _Package(file)
        kind, main = _kind_of(package)
        reader = {"w": _word, "s": _excel, "p": _powerpoint}[kind[0]]
        text = _Text()
        pages, is_cut, done = None, False, 0
        try:
            for progress in reader(package, main, text):
                pages, done = progress
                if done > MOST_PAGES:
                    raise Refusal("too_much")
        except _Full:
            is_cut = True
        return Finding(
            DOCUMENT,
            _KINDS[kind],
            pages=pages,
            text=str(text),
            is_cut=is_cut,
            cut_after=done if is_cut and pages else None,
        )
    except Refusal:
        raise
    except MemoryError as error:
        raise Refusal("too_large") from error
    except Exception as error:  # (a broken zip raises whatever, down to struct.error)
        raise Refusal("broken") from error


def _kind_of(package: _Package) -> tuple[str, str]:
    """Return `(kind, name of the main part)` of an Office document; the kind is a key of _KINDS.
    Raise Refusal ("archive") if the zip is no Office document."""
    if _TYPES not in package:
        raise Refusal("archive")
    for element in package.elements(_TYPES):
        if element.ends or element.name != "Override":
            continue
        said = element.attributes.get("ContentType", "").lower()
        kind = _MACROS.get(said)
        for name in _KINDS:
            if said == f"{_PACKAGE}{name}.main+xml":
                kind = name
        if kind:
            return kind, element.attributes.get("PartName", "").lstrip("/")
    raise Refusal("archive")


def _word(package: _Package, main: str, text: _Text) -> Iterator[tuple[None, int]]:
    """Append the text of a Word document to `text`: paragraphs as lines, table cells between tabs,
    then footnotes and endnotes; `main` is the name of the zip's main part. Deleted text of tracked
    changes is left out. Yield once `(None, 0)`: Word has no pages."""
    folder = posixpath.dirname(main)
    for part in (main, f"{folder}/footnotes.xml", f"{folder}/endnotes.xml"):
        cells = 0
        for element in package.elements(part):
            if element.ends:
                if element.name == "t":
                    text.add(element.text)
                elif element.name == "p":
                    text.add(" " if cells else "\n")
                elif element.name == "tc":
                    cells -= 1
                    text.add("\t")
                elif element.name == "tr":
                    text.add("\n")
            elif element.name == "tc":
                cells += 1
            elif element.name in ("tab", "br", "cr"):
                text.add("\t" if element.name == "tab" else "\n")
        text.add("\n")
    yield None, 0


def _powerpoint(package: _Package, main: str, text: _Text) -> Iterator[tuple[int, int]]:
    """Append the text of a presentation to `text`, slide by slide under lines "Slide N"; `main` is
    the name of the zip's main part. Yield `(number of slides, slides done)`, before the first slide
    and after each."""
    targets = package.targets(main)
    slides = [
        targets.get(element.attributes.get("r:id", ""), "")
        for element in package.elements(main)
        if element.name == "sldId" and not element.ends
    ]
    yield len(slides), 0
    for number, slide in enumerate(slides, 1):
        text.add(f"Slide {number}\n")
        for element in package.elements(slide):
            if element.ends and element.name == "t":
                text.add(element.text)
            elif element.ends and element.name == "p":
                text.add("\n")
            elif not element.ends and element.name == "br":
                text.add("\n")
        text.add("\n")
        yield len(slides), number


def _excel(package: _Package, main: str, text: _Text) -> Iterator[tuple[int, int]]:
    """Append the text of a workbook to `text`, sheet by sheet under its name: rows as lines, cells
    between tabs; `main` is the name of the zip's main part. Yield `(number of sheets, sheets
    done)`, before the first sheet and after each."""
    targets = package.targets(main)
    sheets = [
        (element.attributes.get("name", ""), targets.get(element.attributes.get("r:id", ""), ""))
        for element in package.elements(main)
        if element.name == "sheet" and not element.ends
    ]
    yield len(sheets), 0
    shared = _shared_strings(package, posixpath.dirname(main))
    for number, (name, part) in enumerate(sheets, 1):
        text.add(f"{name}\n")
        for line in _rows(package, part, shared):
            text.add(line)
        text.add("\n")
        yield len(sheets), number


def _shared_strings(package: _Package, folder: str) -> list[str]:
    """Return the list of texts that cells of a workbook refer to by index (sharedStrings.xml in
    `folder`), up to about twice MOST_CHARACTERS in all."""
    strings: list[str] = []
    length = 0
    current: list[str] = []
    for element in package.elements(f"{folder}/sharedStrings.xml"):
        if not element.ends:
            continue
        if element.name == "t":
            current.append(element.text)
        elif element.name == "si":
            strings.append("".join(current)[:MOST_CHARACTERS])
            length += len(strings[-1])
            current = []
            if length > MOST_CHARACTERS * 2 or len(strings) > MOST_CHARACTERS:
                break
    return strings


def _rows(package: _Package, part: str, shared: list[str]) -> Iterator[str]:
    """Yield the rows of a worksheet (the zip's part `part`) as lines, with tabs between cells.
    `shared` is the list of shared strings; a cell that refers to one beyond its end becomes "…"."""
    cells: list[str] = []
    kind = value = ""
    for element in package.elements(part):
        if not element.ends:
            if element.name == "c":
                kind, value = element.attributes.get("t", ""), ""
        elif element.name in ("v", "t"):
            value = element.text
        elif element.name == "c":
            if kind == "s":
                number = int(value) if value.isascii() and value.isdigit() else -1
                value = shared[number] if 0 <= number < len(shared) else "…"
            cells.append(value)
        elif element.name == "row":
            line = "\t".join(cells).rstrip()
            cells = []
            if line:
                yield f"{line}\n"
