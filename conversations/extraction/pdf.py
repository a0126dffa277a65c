"""PDF: extracts the text of its pages, and the pictures of scanned pages, by pypdf, which limits
how much streams may unpack to."""

import logging
from typing import BinaryIO

from PIL import Image
from pypdf import PageObject, PdfReader
from pypdf.errors import DependencyError, FileNotDecryptedError, LimitReachedError, PyPdfError

from .finding import DOCUMENT, Finding, Refusal
from .limits import LARGE_SIDE, MOST_CHARACTERS, MOST_PAGES, MOST_PICTURES, MOST_PIXELS
from .picture import plain, write_pair

MEDIA_TYPE = "application/pdf"
# pypdf describes each fault of a file at length, on the standard error.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)


def read(file: BinaryIO) -> Finding:
    """Return the Finding with the text of the PDF `file`. A page whose text cannot be read counts
    as empty.

    Raise Refusal: "encrypted", "broken", "too_much" if it has more than MOST_PAGES pages or unpacks
    to too much, "too_large" if it takes too much memory.
    """
    try:
        reader = PdfReader(file, strict=False)
        if reader.is_encrypted and not _opens(reader):
            raise Refusal("encrypted")
        pages = len(reader.pages)
        if pages > MOST_PAGES:
            raise Refusal("too_much")
        if not pages:
            raise Refusal("broken")
        return _finding(reader, pages)
    except Refusal:
        raise
    except LimitReachedError as error:
        raise Refusal("too_much") from error
    except MemoryError as error:
        raise Refusal("too_large") from error
    except (FileNotDecryptedError, DependencyError) as error:
        raise Refusal("encrypted") from error
    except Exception as error:  # (it raises whatever a broken file leads to, RecursionError too)
        raise Refusal("broken") from error


def write_pages(file: BinaryIO, write: BinaryIO) -> list[Finding]:
    """Write the largest picture of each of the first MOST_PICTURES pages of `file`, a scanned PDF,
    to `write` (a binary file), each as a large and a small copy (`picture.write_pair`); return a
    list with a Finding for each. Pages without a readable picture are left out. Raise Refusal:
    "encrypted", "broken" or "too_large"."""
    try:
        reader = PdfReader(file, strict=False)
        if reader.is_encrypted and not _opens(reader):
            raise Refusal("encrypted")
        found = []
        for page in reader.pages[:MOST_PICTURES]:
            image = _largest(page)
            if image is not None:
                found.append(write_pair(plain(image, LARGE_SIDE), write))
        return found
    except Refusal:
        raise
    except MemoryError as error:
        raise Refusal("too_large") from error
    except Exception as error:
        raise Refusal("broken") from error


def _largest(page: PageObject) -> Image.Image | None:
    """Return the largest picture on a PDF page that can be decoded; None if there is none."""
    sizes: list[tuple[int, str]] = []
    resources = page.get("/Resources")
    objects = resources.get_object().get("/XObject") if resources else None
    for name, each in objects.get_object().items() if objects else ():
        found = each.get_object()
        pixels = int(found.get("/Width", 0)) * int(found.get("/Height", 0))
        if found.get("/Subtype") == "/Image" and 0 < pixels <= MOST_PIXELS:
            sizes.append((pixels, name))
    for _pixels, name in sorted(sizes, reverse=True):
        try:
            return page.images[name].image
        except MemoryError:
            raise
        except Exception:  # noqa: S112 (another one may do)
            continue
    return None


def _opens(reader: PdfReader) -> bool:
    """Return True if the encrypted PDF that `reader` has opened can be read without a password."""
    try:
        return bool(reader.decrypt(""))
    except (PyPdfError, NotImplementedError):
        return False


def _finding(reader: PdfReader, pages: int) -> Finding:
    """Return the Finding with the text of the PDF that `reader` has opened, cut at MOST_CHARACTERS;
    `pages` is its number of pages."""
    finding = Finding(DOCUMENT, MEDIA_TYPE, pages=pages)
    texts: list[str] = []
    length = 0
    for number, page in enumerate(reader.pages, 1):
        try:
            text = (page.extract_text() or "").strip()
        except (MemoryError, LimitReachedError):
            raise
        except Exception:
            text = ""
        texts.append(text.replace("\0", "")[: MOST_CHARACTERS - length])
        if length + len(text) > MOST_CHARACTERS:
            finding.is_cut, finding.cut_after = True, number
            break
        length += len(text) + 2
    finding.text = "\n\n".join(texts).strip()
    return finding
