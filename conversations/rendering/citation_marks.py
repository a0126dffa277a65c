"""Removal of citation marks that some models leave in their text: private-use characters U+E200 to
U+E206.

`\\ue200cite\\ue202turn0search2\\ue201` names a source internal to the provider, which nobody else
can follow. The marks are removed, and with them what they enclose if it is such a reference; other
words that they enclose stay.
"""

import re

# The longest reference that is known as one, in characters.
REFERENCE = 1_000

ANY = re.compile("[\ue200-\ue206]")
MARKS = re.compile(
    f"\ue200(?P<kind>[a-z_]{{1,30}}+)\ue202(?P<rest>[^\ue200\ue201\n]{{0,{REFERENCE}}})\ue201"
    "|\ue200[a-z_]{1,30}+(?=\ue202)"
    "|\ue202turn\\d{1,6}[a-z]{1,20}\\d{1,6}+"
    "|[\ue200-\ue206]"
)
# The second of the quoted fields of an entity.
NAMED = re.compile(r'\s*\[\s*"[^"\\]*+"\s*,\s*"([^"\\]*+)"')
# The end of a text that may be the beginning of a citation mark.
BEGUN = re.compile(
    f"(?:\ue200[a-z_]{{0,31}}(?:\ue202[^\ue200\ue201\n]{{0,{REFERENCE}}})?|\ue202[a-z0-9]{{0,40}})\\Z"
)


def without_marks(text: str) -> str:
    """Return `text`, which is complete, without citation marks."""
    return MARKS.sub(_words, text) if ANY.search(text) else text


def _words(match: re.Match) -> str:
    """Return the text that replaces a citation mark, given `match` of MARKS: the text of a link,
    the name of an entity, or ""."""
    if match["kind"] == "url":
        return match["rest"].partition("\ue202")[0]
    named = NAMED.match(match["rest"]) if match["kind"] == "entity" else None
    return named[1] if named else ""


def until_mark(text: str) -> tuple[str, str]:
    """Split `text`, to which more will be appended, into two parts: its beginning, without citation
    marks, and its end if that may be an incomplete mark (else ""), which is to be put before the
    text that follows."""
    if not ANY.search(text):
        return text, ""
    # Only the end of the text is looked at: nothing longer is a mark.
    start = max(0, len(text) - REFERENCE - 40)
    at = text.find("\ue200", start)
    while at >= 0 and not BEGUN.match(text, at):
        at = text.find("\ue200", at + 1)
    if at < 0:
        at = text.rfind("\ue202")
        if at < 0 or not BEGUN.match(text, at):
            at = len(text)
    return without_marks(text[:at]), text[at:]
