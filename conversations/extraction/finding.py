"""Finding: what the child process says about one file, as JSON between the processes."""

from dataclasses import asdict, dataclass

# Why a file is refused; a sentence for each is in conversations/files/sentences.py.
REFUSALS = (
    "empty",  # it has no bytes
    "unknown",  # no kind that is taken
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
    """Exception: a file is not taken. `code` is one of REFUSALS."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class Finding:
    """What was read from a file: its kind (TEXT, PICTURE or DOCUMENT), `media_type` and content.

    A picture has `width` and `height` in pixels, of the re-encoded one; `large` and `small` are the
    lengths in bytes of the re-encoded pictures that follow in the child's output. A document or
    text has `text`, which may be "" (a scanned PDF); `pages` is the number of its pages, slides or
    sheets (None: it has none), `cut_after` the page after which the text is cut (None: it is
    whole, or it has no pages), and `is_cut` says that text is missing at the end.
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
        """Return the Finding as a dict for JSON; `Finding(**it)` makes it again."""
        return asdict(self)
