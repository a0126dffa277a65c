"""Link reference definitions of one text: `[label]: https://…` defines a link wherever it stands.

Models write their sources at the end, so a block may refer to what is defined after it. A
definition that a link uses is not shown; one that no link uses, or that leads nowhere, is shown as
text, so that nothing is hidden from readers.
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
    """Link reference definition: its label in the form of `label_name`, its Markdown, and its
    URL."""

    name: str
    source: str
    href: str


def label_name(label: str) -> str:
    """Return a label in the form in which CommonMark compares labels: case folded, white space
    collapsed."""
    return " ".join(label.split()).casefold()


class LinkReferences:
    """Link definitions of one text: collects them block by block (`learn`) and returns those a
    block needs (`wanted`).

    resolve: returns the URL of a definition, given its Markdown and its label, "" if it defines no
    link that may be followed. parsed: how many characters have been parsed to find URLs.
    """

    def __init__(self, resolve: Callable[[str, str], str]) -> None:
        self._resolve = resolve
        self._known: dict[str, Definition] = {}
        self._left = TOTAL_CHARACTERS
        # How many characters were parsed to find them.
        self.parsed = 0

    def split(self, source: str) -> tuple[list[Definition], str]:
        """Return `(definitions, rest)`: a list of the Definitions at the beginning of `source`, a
        paragraph, and the text after them."""
        found, at = [], 0
        while match := DEFINITION.match(source, at):
            definition = self._definition(match[1], match[0].rstrip("\n") + "\n")
            if not definition:
                break
            found.append(definition)
            at = match.end()
        return found, source[at:]

    def learn(self, source: str) -> None:
        """Store the definitions in `source`, the Markdown of a block; of several with one label the
        first counts."""
        if "]:" not in source:
            return
        found, rest = self.split(source)
        for match in WITHIN.finditer(rest):
            if definition := self._definition(match[2], match[1].strip() + "\n"):
                found.append(definition)
        for definition in found:
            self._known.setdefault(definition.name, definition)

    def _definition(self, label: str, source: str) -> Definition | None:
        """Return the Definition of `label` with the Markdown `source`; None if it is too long, its
        label is blank, or it defines no link that may be followed."""
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
        """Return the Markdown of the definitions that `source`, a block, may refer to, to be put
        before it for the parser; "" if there are none, or they exceed the rest of the text's budget
        (TOTAL_CHARACTERS at first, see `spend`)."""
        if not self._known or "[" not in source:
            return ""
        names = dict.fromkeys(label_name(match[1]) for match in LABEL.finditer(source) if match[1])
        wanted = "".join(self._known[name].source for name in names if name in self._known)
        return wanted + "\n" if wanted and len(wanted) <= self._left else ""

    def spend(self, wanted: str) -> None:
        """Deduct the length of `wanted`, the Markdown of link definitions put before a block, from
        the budget of the text (TOTAL_CHARACTERS at first). `wanted()` checks that it fits."""
        self._left -= len(wanted)

    def begin_again(self) -> None:
        """Reset the budget of the text for definitions put before blocks to TOTAL_CHARACTERS, for
        rendering blocks again with all definitions known."""
        self._left = TOTAL_CHARACTERS

    def unused(self, definitions: list[Definition], hrefs: set[str]) -> Iterator[str]:
        """Yield the Markdown of those of `definitions` that no link uses; `hrefs` are the URLs of
        all links in the text's HTML, as `hrefs_in` returns them."""
        for definition in definitions:
            if self._known.get(definition.name, definition).href not in hrefs:
                yield definition.source


def hrefs_in(html: str) -> set[str]:
    """Return the URLs of the links in `html`, unescaped."""
    return {unescape(href) for href in HREF.findall(html)}
