"""Remover of reference marks: characters U+E200 to U+E206, which ChatGPT's models put in texts.

`U+E200 cite U+E202 turn0search1 U+E201` refers to a search result that is not sent along; a reader
would see boxes around garbage. Marks are removed with what they enclose, except words that belong
to the sentence: the name of an `entity`, the text of a `url`.
"""

import json
import re

from .gateway_text import repair

BEGIN, END, SEPARATOR = "\ue200", "\ue201", "\ue202"
# Most characters of a reference with its marks; a longer text is no reference.
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
    """Remover of references from one text that arrives in pieces; give them to `strip` in order.

    ChatGPT's models write references such as `cite turn0search1` between private-use characters,
    U+E200 to U+E206. Both the characters and the reference between them are removed, except words
    that belong to the sentence: the name of an `entity`, the text of a `url`. A character without a
    reference is removed alone, and what follows it stays. How the text is cut into pieces changes
    nothing.
    """

    def __init__(self) -> None:
        """Create a remover for one text, from its beginning."""
        self._held = ""

    def passes(self, text: str) -> bool:
        """Return True if `text`, the next piece, has no marks and no earlier text is held back.

        It can then be shown as it is, without calling `strip`.
        """
        return not self._held and (text.isascii() or not _marks.search(text))

    def strip(self, text: str, *, last: bool = False) -> str:
        """Return what can be shown now: text held back before and `text`, the next piece, without
        marks.

        An unfinished reference at the end is held back for the next call, unless `last` says that
        no more text will come.
        """
        if self.passes(text):
            return text
        text = self._held + text
        end = _beginning_of_a_reference(text)
        self._held = "" if last else text[end:]
        if last and text[end : end + 1] == BEGIN and not _cut.match(text, end + 1):
            # It was not the beginning of a reference after all.
            end = len(text)
        return _stripped(text[:end])


def strip_reference_marks(text: str) -> str:
    """Return `text`, a whole text, without reference marks and the references between them, as
    ReferenceMarks removes them."""
    return ReferenceMarks().strip(text, last=True)


def _stripped(text: str) -> str:
    text = _reference.sub(lambda found: _words_of(found[1]), text)
    return _marks.sub("", _bare.sub("", text))


def _beginning_of_a_reference(text: str) -> int:
    """Return the index of an unfinished reference at the end of `text`, len(text) if none."""
    place = text.rfind(BEGIN)
    if place >= 0 and text.find(END, place) < 0 and len(text) - place <= LONGEST:
        return place
    place = text.rfind(SEPARATOR)
    if 0 <= place and len(text) - place <= LONGEST_BARE and _bare_beginning.fullmatch(text, place):
        return place
    return len(text)


def _words_of(reference: str) -> str:
    """Return the words that stay of `reference`, the text between two marks."""
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
