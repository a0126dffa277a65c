"""Reference marks of ChatGPT's models: private-use characters U+E200 to U+E206 around references.

`U+E200 cite U+E202 turn0search1 U+E201` names a search result that nobody else has; shown to a
reader, the marks are boxes around garbage. What they enclose goes with them, except the words that
belong to the sentence: the name of an `entity`, the text of a `url`.
"""

import json
import re

from .gateway_text import repair

BEGIN, END, SEPARATOR = "\ue200", "\ue201", "\ue202"
# Characters of a reference with its marks; what is longer is none.
LONGEST = 2_000
# Of a reference without its marks: U+E202 turn0search1.
LONGEST_BARE = 40

_marks = re.compile("[\ue200-\ue206]")
_reference = re.compile(f"{BEGIN}([^{BEGIN}{END}]{{0,{LONGEST - 2}}}){END}")
_bare = re.compile(SEPARATOR + "turn[0-9]{1,4}[a-z_]{1,20}[0-9]{1,4}")
_bare_beginning = re.compile(SEPARATOR + "[a-z0-9_]*")
_kind = re.compile("[a-z_]{1,30}")
_cut = re.compile(f"(?:[a-z_]{{1,30}}(?:{SEPARATOR}|\\Z)|\\Z)")


class ReferenceMarks:
    """Takes the marks out of one text as it arrives. The result is the same however it is cut."""

    def __init__(self) -> None:
        """Nothing has arrived yet."""
        self._held = ""

    def passes(self, text: str) -> bool:
        """Say whether the next piece has no marks and nothing is held back."""
        return not self._held and (text.isascii() or not _marks.search(text))

    def strip(self, text: str, *, last: bool = False) -> str:
        """Take the next piece; return what may be shown of it and of what was held back.

        What may be the beginning of a reference is held back, unless `last`.
        """
        if self.passes(text):
            return text
        text = self._held + text
        end = _beginning_of_a_reference(text)
        self._held = "" if last else text[end:]
        if last and text[end : end + 1] == BEGIN and not _cut.match(text, end + 1):
            # It was the beginning of none.
            end = len(text)
        return _stripped(text[:end])


def strip_reference_marks(text: str) -> str:
    """Return a whole text without reference marks and what they enclose."""
    return ReferenceMarks().strip(text, last=True)


def _stripped(text: str) -> str:
    text = _reference.sub(lambda found: _words_of(found[1]), text)
    return _marks.sub("", _bare.sub("", text))


def _beginning_of_a_reference(text: str) -> int:
    """Return where an unfinished reference begins at the end of `text`; else its length."""
    place = text.rfind(BEGIN)
    if place >= 0 and text.find(END, place) < 0 and len(text) - place <= LONGEST:
        return place
    place = text.rfind(SEPARATOR)
    if 0 <= place and len(text) - place <= LONGEST_BARE and _bare_beginning.fullmatch(text, place):
        return place
    return len(text)


def _words_of(reference: str) -> str:
    kind, _, rest = reference.partition(SEPARATOR)
    if not _kind.fullmatch(kind):
        return reference
    if kind == "url":
        return rest.partition(SEPARATOR)[0]
    if kind == "entity":
        try:
            fields = json.loads(rest)
        except (ValueError, RecursionError):
            return ""
        named = isinstance(fields, list) and len(fields) > 1 and isinstance(fields[1], str)
        return repair(fields[1]) if named else ""
    return ""
