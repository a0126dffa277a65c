"""Sources of a reply: the web pages and files that it cites, or that the model only consulted.

They are read from JSON that gateways send. Only http and https addresses are accepted, and titles
are cut to one line, so that pages may show them as links.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from conversations.rendering.citation_marks import without_marks
from conversations.rendering.links import destination

from .fields import dict_in, file_in, line_in, text_in

# Most sources of one message that are shown.
MOST_SOURCES = 300
LONGEST_URL = 2_000  # characters
# What citation marks in a text call a source.
REFERENCE = re.compile(r"turn\d{1,6}[a-z_]{1,20}\d{1,6}")
# Added to addresses to count visitors: they name the same page with and without.
_TRACKING = re.compile(r"(?<=[?&])utm_[a-z]+=[^&]*(?:&|$)")
_PORT = re.compile(r":(?:80|443)$")


@dataclass(frozen=True, slots=True)
class Source:
    """Web page (`url`, absolute, http or https) or file (`url` is "") that a reply names.

    `title` is in one line, as the gateway sent it or else made from the address, never "". `host`
    is the page's, in ASCII; "" for a file. `is_cited` is False if the model only consulted it.
    `number` counts the cited ones of a message from 1; None for one that was only consulted.
    `references` are the names by which citation marks call it, as "turn0search1".
    """

    url: str
    title: str
    host: str
    is_cited: bool
    number: int | None = None
    references: tuple[str, ...] = ()

    @property
    def is_titled(self) -> bool:
        """True if the gateway sent a title; False if `title` is made from the address."""
        return self.title != _short(self.url)


def page(found: Mapping[str, object], *, is_cited: bool) -> Source | None:
    """Return the Source for the web page that `found`, JSON with `url` and perhaps `title`, names;
    None if `url` is not an absolute http or https address. `is_cited` says whether the reply cites
    it (True) or the model only consulted it."""
    url = text_in(found, "url").strip()
    if not url[:8].lower().startswith(("http://", "https://")) or len(url) > LONGEST_URL:
        return None
    if re.search(r"[\s\x00-\x1f\x7f\\]", url):
        return None
    host, _hidden = destination(url)
    if not host:
        return None
    return Source(
        url=url,
        title=without_marks(line_in(found, "title", 200)).strip() or _short(url),
        host=host.removeprefix("www."),
        is_cited=is_cited,
        references=references_in(found),
    )


def file(found: Mapping[str, object], *, is_cited: bool) -> Source | None:
    """Return the Source for the file that `found`, the JSON of an annotation or of a result of a
    search, names by `filename` or `file_id`; None if it has neither. `is_cited` says whether the
    reply cites it (True) or the model only consulted it."""
    name = line_in(found, "filename", 200) or line_in(found, "file_id", 200)
    if not name:
        return None
    return Source("", name, "", is_cited=is_cited, references=references_in(found))


def cited(annotation: Mapping[str, object]) -> Source | None:
    """Return the Source that an annotation of an `output_text` names: `url_citation` (its fields
    may be in an object of that name, as relays send it), `file_citation`, `container_file_citation`
    or `file_path`. None for anything else, and for a container file that this site has stored."""
    kind = text_in(annotation, "type")
    fields = {**annotation, **dict_in(annotation, kind)}
    if kind == "url_citation":
        return page(fields, is_cited=True)
    if kind == "container_file_citation" and file_in(annotation):
        # One that this site has is shown as a file of the reply.
        return None
    if kind in ("file_citation", "container_file_citation", "file_path"):
        return file(fields, is_cited=True)
    return None


def references_in(found: Mapping[str, object]) -> tuple[str, ...]:
    """Return the names by which citation marks in a text call a source, as "turn0search1", that
    are values in the JSON object `found` or in a list in it."""
    values: list[object] = []
    for each in found.values():
        values += each if isinstance(each, list) else [each]
    return tuple(each for each in values if isinstance(each, str) and REFERENCE.fullmatch(each))


def numbered(found: Iterable[Source]) -> tuple[Source, ...]:
    """Return the Sources `found` in a message, each page or file once, at most MOST_SOURCES: the
    cited ones, with `number` from 1 in the order of their first citation, then the others."""
    by_key: dict[tuple[str, str], Source] = {}
    for source in found:
        key = (_key(source.url), "" if source.url else source.title)
        known = by_key.get(key)
        if known is None:
            by_key[key] = source
        else:
            best = source if source.is_cited and not known.is_cited else known
            both = tuple(dict.fromkeys((*known.references, *source.references)))
            if best is source:
                # In the order of citation, not of consultation.
                del by_key[key]
            title = best.title if best.is_titled else source.title
            by_key[key] = replace(best, references=both, title=title)
    cited_ones = [each for each in by_key.values() if each.is_cited]
    others = [each for each in by_key.values() if not each.is_cited]
    counted = [replace(each, number=number) for number, each in enumerate(cited_ones, 1)]
    return tuple([*counted, *others][:MOST_SOURCES])


def _key(url: str) -> str:
    """Return a form of the address `url` that is equal for the same page: scheme and host in lower
    case, without the usual port, fragment and parameters that count visitors (`utm_…`)."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    query = _TRACKING.sub("", f"?{parts.query}").rstrip("?&")
    place = _PORT.sub("", parts.netloc.lower())
    return f"{parts.scheme.lower()}://{place}{parts.path or '/'}{query}"


def _short(url: str) -> str:
    """Return the address `url` without its scheme, cut to 80 characters, for use as a title."""
    short = url.partition("://")[2].rstrip("/")
    return short if len(short) <= 80 else short[:79] + "…"
