"""Stream of XML elements, parsed by expat, with protection against XML bombs.

A document type declaration is refused, so no entity can be declared; depth and the length of one
text are limited.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.parsers import expat

from .finding import Refusal
from .limits import MOST_CHARACTERS, MOST_DEPTH

_MOST_WAITING = 10_000  # bytes that are parsed before their elements are handed on


@dataclass(slots=True)
class Element:
    """Start tag or, if `ends` is True, end tag of an XML element. `name` is its name without
    namespace prefix.

    `attributes` (of a start tag) is a dict by name without prefix, except "r:id", the id of a
    relationship. `text` (of an end tag) holds all characters since the last tag.
    """

    name: str
    ends: bool
    attributes: dict[str, str]
    text: str = ""


class _Collector:
    """Handlers for expat that append an Element for each tag to the list `found`."""

    def __init__(self) -> None:
        self.found: list[Element] = []
        self._text: list[str] = []
        self._length = 0
        self._depth = 0

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        """Handle a start tag. Raise Refusal ("too_much") at more than MOST_DEPTH nested
        elements."""
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise Refusal("too_much")
        self._forget()
        named = {_attribute(key): text for key, text in attributes.items()}
        self.found.append(Element(_local(name), False, named))

    def end(self, name: str) -> None:
        """Handle an end tag: append its Element with the text since the last tag."""
        self._depth -= 1
        self.found.append(Element(_local(name), True, {}, "".join(self._text)))
        self._forget()

    def characters(self, text: str) -> None:
        """Collect `text` for the next end tag; what exceeds MOST_CHARACTERS is dropped."""
        # More of one text than all that is kept of a document is of no use.
        if self._length <= MOST_CHARACTERS:
            self._text.append(text)
            self._length += len(text)

    def doctype(self, *_arguments: object) -> None:
        """Raise Refusal ("broken"): a document type declaration could declare entities."""
        raise Refusal("broken")

    def _forget(self) -> None:
        """Forget the text collected so far."""
        self._text, self._length = [], 0


def elements(blocks: Iterable[bytes]) -> Iterator[Element]:
    """Parse the XML in `blocks` (an iterable of bytes) and yield an Element for each start and end
    tag, in order.

    Raise Refusal for a document type declaration ("broken") or too deep nesting ("too_much"), and
    expat.ExpatError for XML that is not well-formed.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    collector = _Collector()
    parser.StartElementHandler = collector.begin
    parser.EndElementHandler = collector.end
    parser.CharacterDataHandler = collector.characters
    parser.StartDoctypeDeclHandler = collector.doctype
    for block in blocks:
        for start in range(0, len(block), _MOST_WAITING):
            parser.Parse(block[start : start + _MOST_WAITING], False)
            found, collector.found = collector.found, []
            yield from found
    parser.Parse(b"", True)
    yield from collector.found


def _local(name: str) -> str:
    """Return `name` without its namespace prefix."""
    return name.rpartition(":")[2]


def _attribute(name: str) -> str:
    """Return the attribute name `name` without its prefix, but "r:id" for an `id` with any prefix:
    that is the id of a relationship."""
    prefix, _colon, local = name.rpartition(":")
    return "r:id" if prefix and local == "id" else local
