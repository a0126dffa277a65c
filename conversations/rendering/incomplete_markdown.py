"""Heuristics for Markdown that ends in the middle of its syntax: what of it to show, and what to
close.

They affect only what is shown while a block is incomplete: the next parse, or the end of the block,
replaces it.
"""

import re

# A line of nothing but characters that may become Markdown syntax.
MARKS_ONLY = re.compile(r"[\s>*+\-=#|:\d.)\[\]_~`<$\\]*")
FENCE_BEGUN = re.compile(r"[ \t]*+(?:[-+*][ \t]+|\d{1,9}[.)][ \t]+)?(?:`{3,}|~{3,})")
FENCE_LINE = re.compile(
    r"^((?:[ \t]*(?:[-+*]|\d{1,9}[.)])(?=[ \t]))*[ \t]*)(`{3,}+|~{3,}+)([^`\n]*+)\n", re.M
)
LINK_BEGUN = re.compile(r"\[[^\[\]\n]{0,40}(?:\](?:\([^()\s]{0,2000})?)?")
TAG_CHARACTERS = 12
TAG_BEGUN = re.compile(r"</?[a-zA-Z]{0,7}[ \t]?/?$")
CODE_SPAN = re.compile(r"(?<!`)(`++).*?(?<!`)\1(?!`)|\\.")
ITEM_MARK = re.compile(r"^[ \t>]*+(?:[-+*]|\d{1,9}[.)])[ \t]+")

# Code and formulas up to this many characters are shown only when they are complete.
CODE_SHOWN_WHOLE = 24
FORMULA_SHOWN_WHOLE = 80
# How far back in the last line openings are looked for.
LOOK_BACK = 4_000


def showable(source: str, partial: str, in_code: bool) -> str:
    """Return the beginning of `source`, an incomplete block, that can be shown without changing its
    look soon: without a "**", a "- " or half a link at its end.

    `partial` is its last line while that is incomplete, otherwise ""; `in_code` says that it ends
    within a fence of code in a list.
    """
    if source[:1] == "|" and source.count("\n") < 2:
        return ""
    if partial and (partial.isspace() or _marks_only(partial) or FENCE_BEGUN.match(partial)):
        return source[: -len(partial)]
    if in_code:
        return source
    source = source.rstrip("*_~`[<$|!\\")
    line = max(source.rfind("\n") + 1, len(source) - LOOK_BACK)
    if "<" in source[-TAG_CHARACTERS:]:
        at = source.rfind("<")
        if TAG_BEGUN.match(source, at):
            source = source[:at]
    at = source.rfind("[", line)
    if at >= 0 and LINK_BEGUN.fullmatch(source, at):
        return source[:at].rstrip("!")
    at = source.rfind("`", line)
    if at >= 0 and len(source) - at <= CODE_SHOWN_WHOLE and source.count("`", line) % 2:
        return source[:at]
    return source[: _formula_begun(source, line)]


def _marks_only(partial: str) -> bool:
    """Return True if `partial`, the incomplete last line, has fewer than 200 characters and only
    those that may become Markdown syntax."""
    return len(partial) < 200 and MARKS_ONLY.fullmatch(partial) is not None


def _formula_begun(source: str, line: int) -> int:
    """Return the index where a formula begins that is incomplete, short and in the last line, which
    starts at `line`; len(source) if there is none."""
    at = source.rfind("\\(", line)
    if at < 0 or source.find("\\)", at) >= 0:
        at = source.rfind("$", line)
        if at < 0 or source.count("$", line) % 2 == 0 or source[at + 1 : at + 2].isdigit():
            return len(source)
    return at if len(source) - at <= FORMULA_SHOWN_WHOLE else len(source)


def closing_marks(text: str) -> tuple[str, int]:
    """Return the marks (as "**") that close the emphasis or code left open in the last line of
    `text`, and how many there are."""
    line = text[max(text.rfind("\n") + 1, len(text) - LOOK_BACK) :]
    line = ITEM_MARK.sub("", line, count=1)
    if not any(mark in line for mark in "*~`"):
        return "", 0
    line = CODE_SPAN.sub("x", line)
    if "`" in line:
        return ("`", 1) if line.count("`") == 1 else ("", 0)
    found = []
    for mark in ("**", "~~", "*"):
        at = line.rfind(mark)
        if line.count(mark) % 2 and not line[at + len(mark) : at + len(mark) + 1].isspace():
            found.append((at, mark))
        line = line.replace(mark, " " * len(mark)) if mark == "**" else line
    found.sort(reverse=True)
    return "".join(mark for _, mark in found), len(found)


def open_code_column(text: str) -> int:
    """Return the column at which the lines of code begin in a fence that `text` leaves open; -1 if
    none is open."""
    if "```" not in text and "~~~" not in text:
        return -1
    mark, column = "", -1
    for match in FENCE_LINE.finditer(text):
        if not mark:
            mark, column = match[2], len(match[1])
        elif match[2].startswith(mark) and not match[3].strip():
            mark, column = "", -1
    return column
