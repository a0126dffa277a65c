"""Syntax of single lines of Markdown: patterns and tests for list markers, fences, rules and HTML
blocks.

The patterns follow CommonMark 0.31. Each is for a line, or the line without its indentation,
regardless of the lines around it.
"""

import re
from typing import NamedTuple


class Item(NamedTuple):
    """Beginning of a list item: its marker (of a number only the "." or ")" after it), and the
    column at which its content begins, from 0."""

    marker: str
    content: int


HEADING = re.compile(r"#{1,6}(?:[ \t]|$)")
UNDERLINE = re.compile(r"(?:=+|-+)[ \t]*$")
FENCE = re.compile(r"(`{3,}+)([^`]*+)$|(~{3,}+)(.*+)$")
BULLET_OR_NUMBER = re.compile(r"([-+*])(?=[ \t]|$)|(\d{1,9})([.)])(?=[ \t]|$)")
# The beginnings of a line that, whatever follows, make it no list item.
NO_ITEM = re.compile(r"[-+*][^ \t]|\d{1,9}[^\d.)]|\d{1,9}[.)][^ \t]|\d{10}|[^-+*\d]")

# CommonMark 0.31, "HTML blocks", start conditions 1 to 5 with what ends each, then 6 and 7.
HTML_UNTIL = (
    (re.compile(r"<(?:script|pre|style|textarea)(?:[ \t>]|$)", re.I),
     re.compile(r"</(?:script|pre|style|textarea)>", re.I)),
    (re.compile(r"<!--"), re.compile(r"-->")),
    (re.compile(r"<\?"), re.compile(r"\?>")),
    (re.compile(r"<![a-z]", re.I), re.compile(r">")),
    (re.compile(r"<!\[CDATA\["), re.compile(r"\]\]>")),
)  # fmt: skip
HTML_TAG = re.compile(
    r"</?(?:address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd"
    r"|details|dialog|dir|div|dl|dt|fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]"
    r"|head|header|hr|html|iframe|legend|li|link|main|menu|menuitem|nav|noframes|ol|optgroup"
    r"|option|p|param|search|section|summary|table|tbody|td|tfoot|th|thead|title|tr|track|ul)"
    r"(?:[ \t]|/?>|$)",
    re.I,
)
HTML_ANY_TAG = re.compile(
    r"<(?:[a-z][a-z0-9-]*+(?:[ \t]++[a-z_:][a-z0-9_.:-]*+"
    r"(?:[ \t]*+=[ \t]*+(?:[^ \t\"'=<>`]++|'[^']*+'|\"[^\"]*+\"))?+)*+[ \t]*+/?"
    r"|/[a-z][a-z0-9-]*+[ \t]*+)>[ \t]*+$",
    re.I,
)

# Tags that replies may write, wherever they stand: a line that begins with one is no HTML block.
OWN_TAG = re.compile(r"</?(?:br|sub|sup|kbd|details|summary)[ \t]*/?>", re.I)


def columns(line: str) -> int:
    """Return the indentation of `line` in columns: the width of the white space at its beginning,
    where a tab reaches to the next multiple of four."""
    width = 0
    for character in line:
        if character == " ":
            width += 1
        elif character == "\t":
            width += 4 - width % 4
        else:
            break
    return width


def is_rule(text: str) -> bool:
    """Return True if `text`, a line without its indentation, is a thematic break (as ---)."""
    mark = text[:1]
    return mark in ("-", "*", "_") and not text.strip(mark + " \t") and text.count(mark) >= 3


def closes(line: str, fence: str) -> bool:
    """Return True if `line` ends the fenced code that was opened with the mark `fence` (as ```)."""
    text = line.strip(" \t")
    return text.startswith(fence) and not text.strip(fence[0]) and columns(line) < 4


def item(text: str, indent: int) -> Item | None:
    """Return the Item (marker and column of the content) if the line `text` begins a list item,
    else None. `text` is without its indentation of `indent` columns."""
    match = BULLET_OR_NUMBER.match(text)
    if not match:
        return None
    after = text[match.end() :]
    rest = after.lstrip(" \t")
    width = indent + match.end()
    spaces = columns(" " * width + after) - width
    # A marker with nothing, or with indented code, after it is followed by one column.
    if not rest or spaces > 4:
        spaces = 1
    return Item(match[1] or match[3], width + spaces)
