"""Stream of XML elements, read by expat, which refuses what XML bombs are made of.

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
    """The begin or the end (`ends`) of an XML element with its local `name`.

    `attributes` are those of a begin, by local name, but "r:id" for the id of a relationship;
    `text` is that of an end: all characters since the last begin or end.
    """

    name: str
    ends: bool
    attributes: dict[str, str]
    text: str = ""


class _Collector:
    """Handlers of expat that collect Elements into the list `found`."""

    def __init__(self) -> None:
        self.found: list[Element] = []
        self._text: list[str] = []
        self._length = 0
        self._depth = 0

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise Refusal("too_much")
        self._forget()
        named = {_attribute(key): text for key, text in attributes.items()}
        self.found.append(Element(_local(name), False, named))

    def end(self, name: str) -> None:
        self._depth -= 1
        self.found.append(Element(_local(name), True, {}, "".join(self._text)))
        self._forget()

    def characters(self, text: str) -> None:
        # More of one text than all that is kept of a document is of no use.
        if self._length <= MOST_CHARACTERS:
            self._text.append(text)
            self._length += len(text)

    def doctype(self, *_arguments: object) -> None:
        raise Refusal("broken")

    def _forget(self) -> None:
        self._text, self._length = [], 0


def elements(blocks: Iterable[bytes]) -> Iterator[Element]:
    """Yield the begins and ends of the elements in the XML `blocks`, in order.

    Raises Refusal for a document type declaration ("broken") or elements too deep ("too_much"), and
    expat.ExpatError for what is not well-formed.
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
    """Return the local name of an attribute; "r:id" for an `id` with a prefix, which is that of a
    relationship, whatever the document calls the namespace."""
    prefix, _colon, local = name.rpartition(":")
    return "r:id" if prefix and local == "id" else local
