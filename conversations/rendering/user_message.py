"""HTML of a message written by a user: the text as typed, with its URLs as links."""

import re
from html import escape

from .citation_marks import without_marks
from .links import CHINESE_MARKS, destination, link
from .sanitizer import clean
from .unsafe_characters import tidy

ADDRESS = re.compile(
    r"(?<![a-z0-9])(?:https?://|mailto:)[^\s<>\"'`\\^{|}" + CHINESE_MARKS + "]++", re.I
)
# Punctuation at the end of a URL that belongs to the sentence around it.
AFTER = ".,:;!?*_~'"


def render_typed(text: str) -> str:
    """Return the safe HTML of `text` as typed, not as Markdown: escaped, with http, https and
    mailto URLs as links. Line breaks stay "\\n", so show it with white space preserved."""
    parts: list[str] = []
    at = 0
    text = tidy(without_marks(text))
    for match in ADDRESS.finditer(text):
        url = _trimmed(match[0])
        if not destination(url)[0]:
            continue
        parts += escape(text[at : match.start()], quote=False), link(url, escape(url, quote=False))
        at = match.start() + len(url)
    parts.append(escape(text[at:], quote=False))
    return clean("".join(parts)) if at else parts[0]


def _trimmed(url: str) -> str:
    """Return the URL without the punctuation at its end and without closing brackets that it did
    not open."""
    open_brackets = url.count("(") - url.count(")")
    end = len(url)
    while end:
        last = url[end - 1]
        if last == ")" and open_brackets < 0:
            open_brackets += 1
        elif last not in AFTER:
            break
        end -= 1
    return url[:end]
