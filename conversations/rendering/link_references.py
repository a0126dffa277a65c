"""Link reference definitions of one text: `[label]: https://…` counts wherever it stands.

Models write their sources at the end, so a block may refer to what is defined after it. A
definition that a link uses is not shown; one that nothing uses, or that leads nowhere, is text, so
that nothing is written and shown to nobody.
"""

import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import NamedTuple

# One definition and all definitions put before blocks; longer ones are text.
DEFINITION_CHARACTERS = 2_000
TOTAL_CHARACTERS = 100_000

# What is escaped is matched too, without a group, so that no bracket in it is tried as a beginning.
LABEL = re.compile(r"\\.|\[((?:[^\[\]\\]|\\.){1,999}+)\]", re.S)
DEFINITION = re.compile(
    r" {0,3}\[(?!\^)((?:[^\[\]\\]|\\.){1,999}+)\]:[ \t]*+(?:\n[ \t]*+)?"
    r"(?:<[^<>\n]*+>|[^\s<]\S*+)"
    r"(?:(?:[ \t]++(?:\n[ \t]*+)?|\n[ \t]*+)"
    r"(?:\"(?:[^\"\\]|\\.)*+\"|'(?:[^'\\]|\\.)*+'|\((?:[^()\\]|\\.)*+\))(?=[ \t]*+(?:\n|\Z)))?"
    r"[ \t]*+(?:\n|\Z)",
    re.S,
)
# The same in a list, a quote or after other text, where Markdown knows none, in one line.
WITHIN = re.compile(
    r"^[ \t>]*+(?:(?:[-+*]|\d{1,9}[.)])[ \t]++)*+"
    r"(\[(?!\^)((?:[^\[\]\\\n]|\\.){1,999}+)\]:[ \t]*+<?(?:https?://|mailto:)\S++[^\n]*+)$",
    re.M | re.I,
)
HREF = re.compile(r'<a [^<>]*?href="([^"]*)"')


class Definition(NamedTuple):
    """One definition: its label as labels are compared, its source, and where it leads."""

    name: str
    source: str
    href: str


def label_name(label: str) -> str:
    """A label as CommonMark compares it."""
    return " ".join(label.split()).casefold()


class LinkReferences:
    """The definitions of one text.

    resolve gives the address that the parser finds for a definition and a reference to it, "" where
    that is no link that can be followed.
    """

    def __init__(self, resolve: Callable[[str, str], str]) -> None:
        self._resolve = resolve
        self._known: dict[str, Definition] = {}
        self._left = TOTAL_CHARACTERS
        # How many characters were parsed to find them.
        self.parsed = 0

    def split(self, source: str) -> tuple[list[Definition], str]:
        """The definitions that a paragraph begins with, and the text after them."""
        found, at = [], 0
        while match := DEFINITION.match(source, at):
            definition = self._definition(match[1], match[0].rstrip("\n") + "\n")
            if not definition:
                break
            found.append(definition)
            at = match.end()
        return found, source[at:]

    def learn(self, source: str) -> None:
        """Keep the definitions in a block's source; the first of each label counts."""
        if "]:" not in source:
            return
        found, rest = self.split(source)
        for match in WITHIN.finditer(rest):
            if definition := self._definition(match[2], match[1].strip() + "\n"):
                found.append(definition)
        for definition in found:
            self._known.setdefault(definition.name, definition)

    def _definition(self, label: str, source: str) -> Definition | None:
        name = label_name(label)
        known = self._known.get(name)
        if known and known.source == source:
            return known
        if not name or len(source) > DEFINITION_CHARACTERS:
            return None
        self.parsed += len(source)
        href = self._resolve(source, label)
        return Definition(name, source, href) if href else None

    def wanted(self, source: str) -> str:
        """The definitions that a block's source may refer to, to be put before it."""
        if not self._known or "[" not in source:
            return ""
        names = dict.fromkeys(label_name(match[1]) for match in LABEL.finditer(source) if match[1])
        wanted = "".join(self._known[name].source for name in names if name in self._known)
        return wanted + "\n" if wanted and len(wanted) <= self._left else ""

    def spend(self, wanted: str) -> None:
        """Count definitions put before a block for good; together they are bounded."""
        self._left -= len(wanted)

    def begin_again(self) -> None:
        """Count anew: all blocks are looked at once more, with all definitions known."""
        self._left = TOTAL_CHARACTERS

    def unused(self, definitions: list[Definition], hrefs: set[str]) -> Iterator[str]:
        """The sources of those definitions that no link leads to."""
        for definition in definitions:
            if self._known.get(definition.name, definition).href not in hrefs:
                yield definition.source


def hrefs_in(html: str) -> set[str]:
    """The addresses that links in HTML lead to."""
    return {unescape(href) for href in HREF.findall(html)}
