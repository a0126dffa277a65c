"""Fences of code within fences: code that is Markdown itself, which may contain fences.

CommonMark ends a fence at the first bare line of marks (as ```). Models write a README as a fence
of `markdown` with fences of its own in it; there, a fence with a language opens a level and a bare
one closes it. In lists and quotes, where the parser finds the fences, the outer marks are made
longer than all marks within.
"""

import re

from .line_syntax import FENCE, closes

NESTING = frozenset(("markdown", "md"))
LINE = re.compile(r"([ \t>]*+(?:(?:[-+*]|\d{1,9}[.)])[ \t]++)*+)(`{3,}+|~{3,}+)([^\n]*+)")
ANY = re.compile(r"(?:(?<!`)`{3,}+|(?<!~)~{3,}+)[ \t]*+(?:markdown|md)(?![^\s{])", re.I)


class OpenFence:
    """State of a fence of code while its lines are read, to find its end. `mark` is its run of
    backticks or tildes, `info` the info string that follows it."""

    def __init__(self, mark: str, info: str) -> None:
        self.mark = mark
        # The marks of the fences that are open, the outer one first, and whether they can nest.
        self._levels = [(mark, nests(info))]

    @property
    def nested(self) -> bool:
        """Return True if a further fence of code has been opened, and not closed, within this
        one."""
        return len(self._levels) > 1

    def closes(self, line: str) -> bool:
        """Read the next line after the opening one; return True if it closes this fence."""
        mark, can_nest = self._levels[-1]
        if closes(line, mark):
            self._levels.pop()
            return not self._levels
        if can_nest and (match := FENCE.match(line.lstrip(" \t"))):
            inner, info = match[1] or match[3], (match[2] or match[4] or "").strip()
            if info or not closes(inner, self.mark):
                self._levels.append((inner, nests(info)))
        return False


def nests(info: str) -> bool:
    """Return True if the info string `info` of a fence says that its code is Markdown, which may
    contain fences."""
    words = info.split(None, 1)
    return bool(words) and words[0].lower().strip("{}") in NESTING


def lengthen(source: str) -> str:
    """Return `source`, the Markdown of a block, with the outer marks of nested fences made longer,
    so that a CommonMark parser ends each fence where it should end."""
    if ("```" not in source and "~~~" not in source) or not ANY.search(source):
        return source
    lines = source.split("\n")
    at = 0
    while at < len(lines):
        match = LINE.match(lines[at])
        if not match or (match[2][0] == "`" and "`" in match[3]):
            at += 1
            continue
        fence = OpenFence(match[2], match[3])
        end = at + 1
        while end < len(lines) and not fence.closes(lines[end].lstrip(" \t>")):
            end += 1
        if end < len(lines) and nests(match[3]):
            _make_longer(lines, at, end, match)
        at = end + 1
    return "\n".join(lines)


def _make_longer(lines: list[str], start: int, end: int, opening: re.Match) -> None:
    """Make the marks of the fence from line `start` to line `end` longer than those between, in
    place; `opening` is the match of its first line."""
    character = opening[2][0]
    inner = re.findall(re.escape(character) + "{3,}", "\n".join(lines[start + 1 : end]))
    mark = character * (max(map(len, (opening[2], *inner))) + 1)
    lines[start] = f"{opening[1]}{mark}{opening[3]}"
    closing = lines[end].rstrip(" \t")
    lines[end] = closing.rstrip(character) + mark
