"""Replacement of citation marks in the text of a reply by the numbers of the sources they name.

Some models write `\\ue200cite\\ue202turn0search1\\ue201` into their text, between private-use
characters. Where an annotation says which source that is, a number takes its place; else the mark
is removed. The indices in annotations are not trusted to cut a text, for gateways count in
different units: they count only where exactly a mark stands there.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from urllib.parse import quote

from conversations.rendering.citation_marks import ANY, without_marks

from .fields import dict_in, dicts_in, text_in
from .source import REFERENCE, Source, cited

_MARK = re.compile("\ue200[a-z_]{1,30}\ue202[^\ue200\ue201\n]{0,1000}\ue201")
# The references at the end of a mark, and the mark itself where nothing else is in it.
_REFERENCES = re.compile(
    f"(?:\ue200[a-z_]{{0,30}})?((?:\ue202{REFERENCE.pattern}(?![a-z0-9_]))+)\ue201?"
)


def cited_in(part: Mapping[str, object]) -> list[Source]:
    """Return a list of the Sources that the annotations of `part` (JSON of an `output_text`) name,
    in order.

    `references` of each are the names in its annotation, and the name in the citation mark that
    stands in the text at exactly the annotation's indices. If a mark has several names, the first
    belongs to the first annotation of that mark, and so on.
    """
    text = text_in(part, "text")
    has_marks = ANY.search(text) is not None
    found: list[Source] = []
    used: Counter[str] = Counter()
    for annotation in dicts_in(part, "annotations"):
        source = cited(annotation)
        if source is None:
            continue
        if has_marks and (mark := _mark_at(text, annotation)):
            names = REFERENCE.findall(mark)[used[mark] :][:1]
            used[mark] += 1
            source = replace(source, references=(*source.references, *names))
        found.append(source)
    return found


def _mark_at(text: str, annotation: Mapping[str, object]) -> str:
    """Return the citation mark in `text` from the `start_index` to the `end_index` of `annotation`;
    "" if there is none at exactly that place."""
    fields = {**annotation, **dict_in(annotation, text_in(annotation, "type"))}
    start, end = fields.get("start_index"), fields.get("end_index")
    if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start < end:
        return ""
    marked = text[start:end].strip()
    return marked if _MARK.fullmatch(marked) else ""


def with_numbers(text: str, sources: Iterable[Source]) -> str:
    """Return `text` with the number of the source, as `[1]`, in place of each citation mark that
    names one of `sources` (Sources with numbers); other citation marks are removed."""
    return _replaced(text, sources, lambda source: f"[{source.number}]")


def with_links(text: str, sources: Iterable[Source]) -> str:
    """Return the Markdown `text` with a link to the web page in place of each citation mark that
    names one of `sources` (Sources with numbers); its text is the number. A source that is a file
    gets a plain number, and other citation marks are removed."""
    return _replaced(text, sources, _link)


def _replaced(text: str, sources: Iterable[Source], shown: Callable[[Source], str]) -> str:
    if not ANY.search(text):
        return text
    by_name = {name: each for each in sources if each.number for name in each.references}

    def numbers(match: re.Match[str]) -> str:
        known = [by_name[name] for name in REFERENCE.findall(match[1]) if name in by_name]
        return "".join(map(shown, dict.fromkeys(known))) if known else match[0]

    return without_marks(_REFERENCES.sub(numbers, text) if by_name else text)


def _link(source: Source) -> str:
    if not source.url:
        return rf"\[{source.number}\]"
    return f"[{source.number}]({quote(source.url, safe=':/?#@!$&+,;=%~-._[]')})"
