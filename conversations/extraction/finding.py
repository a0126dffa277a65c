"""Finding and Refusal: the two results of reading a file, passed as JSON from the child process to
the site."""

from dataclasses import asdict, dataclass

# Why a file is refused; a sentence for each is in conversations/files/sentences.py.
REFUSALS = (
    "empty",  # it has no bytes
    "unknown",  # no kind that is accepted
    "archive",  # a zip that is no document
    "heic",  # Apple's pictures
    "old_office",  # Office's formats before 2007, or an encrypted newer one
    "encrypted",  # a PDF with a password
    "broken",  # it begins like a kind, but cannot be read
    "too_many_pixels",
    "too_much",  # more pages, parts or bytes unpacked than are read
    "too_long",  # it took too much processor time
    "too_large",  # it took too much memory
    "unreadable",  # the child process ended without an answer
)

TEXT, PICTURE, DOCUMENT = "text", "picture", "document"


class Refusal(Exception):
    """Raised if a file is not accepted. `code` names the cause, one of REFUSALS."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class Finding:
    """Result of reading one file: `kind` (TEXT, PICTURE or DOCUMENT), `media_type` and content.

    For a picture: `width` and `height` in pixels after re-encoding; `large` and `small` are the
    lengths in bytes of the two re-encoded pictures that follow in the child's output. For a
    document or text: `text`, which may be "" (a scanned PDF); `pages`, the number of pages, slides
    or sheets (None: not known, as for Word); `is_cut`, True if text is missing at the end, and
    `cut_after`, the number of the last page that was read then (None: not cut, or no pages).
    """

    kind: str
    media_type: str
    width: int | None = None
    height: int | None = None
    large: int = 0
    small: int = 0
    pages: int | None = None
    text: str = ""
    is_cut: bool = False
    cut_after: int | None = None

    def as_json(self) -> dict:
        """Return the Finding as a dict that can be written as JSON; `Finding(**fields)` restores
        it."""
        return asdict(self)
