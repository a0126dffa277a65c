"""Conversion of citation marks in ChatGPT's answers to Markdown links. Pure.

A citation mark is a code that the model writes into its text, which ChatGPT's page shows as a link
or a card, and which an export keeps: `\\ue200cite\\ue202turn0search1\\ue201` between private-use
characters, `【12†source】`, or `:contentReference[oaicite:0]`. The sources are in the message's
`metadata`: `content_references`, `citations`, and search results in `search_result_groups`.
"""

import json
import re
from urllib.parse import quote, urlsplit

# A reference to a result: "turn0search1", several of them, or lines of a file ("L8-L13").
_REFERENCE = r"turn\d+[a-z_]+\d+"
_REFERENCES = re.compile(rf"\s*(?:{_REFERENCE}[\s,]*)+|\s*L\d+(?:-L?\d+)?\s*")
_EACH_REFERENCE = re.compile(_REFERENCE)
_MARK = re.compile(
    "(?P<space> ?)(?:"
    # Closed: kind, then details parted by U+E202.
    "\ue200(?P<kind>[^\ue200-\ue202]{0,40})(?:\ue202(?P<details>[^\ue200\ue201]*))?\ue201"
    # Never closed, or references alone.
    rf"|\ue200[a-z_]{{0,40}}(?:\ue202\s*{_REFERENCE})*|(?:\ue202\s*{_REFERENCE})+"
    # The same where the private-use characters were lost on the way.
    rf"|(?<![\w/])(?:file|mem)?cite(?:{_REFERENCE})+"
    # Those of 2023 to 2025.
    "|【[^【】\n]{0,80}†[^【】\n]{0,200}】"
    "|(?:&#8203;)?`{0,2}【oaicite:\\d+】`{0,2}(?:&#8203;)?"
    r"|(?::contentReference)?\[oaicite:\d+\](?:\{index=\d+\})?"
    ")"
)
# One of these is in every citation mark.
_BEGINNING = re.compile("[\ue200-\ue206【]|cite")
_PRIVATE = re.compile("[\ue200-\ue206]")
_SPECIAL = re.compile(r"([\\`*_\[\]<>~$|])")


def find_sources(metadata):
    """Return the web sources that a message's `metadata` (an object of ChatGPT's export) lists:
    `{"turn0search1": (title, URL)}`; the key is what citation marks name. {} for anything else."""
    found = {}
    for group in _dicts(metadata, "search_result_groups"):
        for entry in _dicts(group, "entries"):
            if source := _source(entry):
                for name in _names([entry.get("ref_id")]):
                    found[name] = source
    for reference in _dicts(metadata, "content_references"):
        for item in [reference, *_dicts(reference, "items")]:
            if source := _source(item):
                for name in _names(item.get("refs")):
                    found[name] = source
    return found


def resolve(text, metadata, sources):
    """Return `text` with each citation mark replaced: by Markdown links to its sources or by the
    words it contains; a mark with neither is removed.

    Sources are looked up in the message's `metadata` and in `sources`, those of the whole
    conversation as `find_sources` returns them.
    """
    if not _BEGINNING.search(text):
        return text
    sources = {**sources, **find_sources(metadata)}
    by_mark = _by_mark(text, metadata)

    def shown(match):
        mark = match[0].lstrip(" ")
        known = by_mark.get(mark) or [
            sources[name] for name in _EACH_REFERENCE.findall(mark) if name in sources
        ]
        known = list(dict.fromkeys(known))
        words = _words(match["kind"] or "", match["details"] or "")
        if words:
            return match["space"] + (_link(words, known[0][1]) if known else words)
        if known:
            links = ", ".join(_link(_escaped(title), address) for title, address in known)
            return f" ({links})"
        follows = text[match.end() : match.end() + 1]
        return match["space"] if follows.isalnum() else ""

    return _PRIVATE.sub("", _MARK.sub(shown, text))


def _by_mark(text, metadata):
    """Return `{citation mark: [(title, URL)]}` for those citation marks in `text` that the
    message's `metadata` quotes (`matched_text`) or locates by their offsets in `text`."""
    found = {}
    for reference in _dicts(metadata, "content_references"):
        mark = reference.get("matched_text")
        if isinstance(mark, str) and _MARK.fullmatch(mark):
            known = [_source(item) for item in [reference, *_dicts(reference, "items")]]
            found[mark.lstrip(" ")] = [source for source in known if source]
    for citation in _dicts(metadata, "citations"):
        start, end = citation.get("start_ix"), citation.get("end_ix")
        source = _source(citation.get("metadata"))
        if source and isinstance(start, int) and isinstance(end, int) and 0 <= start < end:
            found.setdefault(text[start:end].strip(" "), []).append(source)
    return found


def _words(kind, details):
    """Return the words to show for a citation mark of the `kind` (such as "entity"): its `details`
    without references to sources, and the names in its JSON; "" for kinds that end in "cite", which
    have references only."""
    if kind.endswith("cite"):
        return ""
    words = []
    for part in details.split("\ue202"):
        if part.lstrip().startswith(("[", "{")):
            words += _names_in_data(kind, part)
        elif part.strip() and not _REFERENCES.fullmatch(part):
            words.append(part.strip())
    return " ".join(words)


def _names_in_data(kind, part):
    """Return the names in a citation mark's JSON as a list of one text, or of none: "Brest" for
    `["city", "Brest", "a port"]` if `kind` is "entity", "Acme kettle" for
    `["turn0product3", "Acme kettle"]`; several such lists may be under `selections`."""
    try:
        data = json.loads(part)
    except (ValueError, RecursionError):
        return []
    pairs = data.get("selections") if isinstance(data, dict) else [data]
    names = []
    for pair in pairs if isinstance(pairs, list) else []:
        if isinstance(pair, list) and len(pair) > 1 and isinstance(pair[1], str):
            is_product = isinstance(pair[0], str) and _EACH_REFERENCE.match(pair[0])
            if kind == "entity" or is_product:
                names.append(pair[1])
    return [", ".join(names)] if names else []


def _source(item):
    """Return `(title, URL)` of `item`, a source in a message's metadata; None if its `url` is not a
    valid http or https URL. A source without a title gets its host's name as one."""
    address = item.get("url") if isinstance(item, dict) else None
    if not isinstance(address, str) or not address.startswith(("http://", "https://")):
        return None
    try:
        host = urlsplit(address).hostname
    except ValueError:
        return None
    title = item.get("title")
    title = " ".join(title.split())[:200] if isinstance(title, str) else ""
    return title or host or address, address


def _names(references):
    """Yield the names by which citation marks refer to sources: "turn0search1" for
    `{"turn_index": 0, "ref_type": "search", "ref_index": 1}`."""
    for each in references if isinstance(references, list) else []:
        if isinstance(each, dict):
            parts = (each.get("turn_index"), each.get("ref_type"), each.get("ref_index"))
            yield "turn{}{}{}".format(*parts)


def _dicts(item, name):
    """Return a list of the dicts in the list `item[name]`; [] if `item` is no dict or has no such
    list."""
    each = item.get(name) if isinstance(item, dict) else None
    return [one for one in each if isinstance(one, dict)] if isinstance(each, list) else []


def _link(words, address):
    return f"[{words}]({quote(address, safe=':/?#@!$&*+,;=%~-._')})"


def _escaped(title):
    return _SPECIAL.sub(r"\\\1", title)
