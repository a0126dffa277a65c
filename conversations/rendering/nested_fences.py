"""Fences within fences: code that is Markdown itself closes at its own level.

CommonMark ends a fence at the first bare line of marks. Models write a README as a fence of
`markdown` with fences of its own in it; there, a fence with a language opens a level and a bare one
closes it. In lists and quotes, where the parser finds the fences, the outer marks are made longer
than all marks within.
"""

import re

from .line_syntax import FENCE, closes

NESTING = frozenset(("markdown", "md"))
LINE = re.compile(r"([ \t>]*+(?:(?:[-+*]|\d{1,9}[.)])[ \t]++)*+)(`{3,}+|~{3,}+)([^\n]*+)")
ANY = re.compile(r"(?:(?<!`)`{3,}+|(?<!~)~{3,}+)[ \t]*+(?:markdown|md)(?![^\s{])", re.I)


class OpenFence:
    """A fence that is open: `mark` is its run of backticks or tildes, info what follows it."""

    def __init__(self, mark: str, info: str) -> None:
        self.mark = mark
        # The marks of the fences that are open, the outer one first, and whether they can nest.
        self._levels = [(mark, nests(info))]

    @property
    def nested(self) -> bool:
        """Whether a fence is open within this one."""
        return len(self._levels) > 1

    def closes(self, line: str) -> bool:
        """Take a line and say whether it closes this fence."""
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
    """Whether the code of a fence with this info string is Markdown."""
    words = info.split(None, 1)
    return bool(words) and words[0].lower().strip("{}") in NESTING


def lengthen(source: str) -> str:
    """A block's source in which a plain parser ends each fence at its own level."""
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
    """Make the marks of the fence from line `start` to line `end` longer than those between."""
    character = opening[2][0]
    inner = re.findall(re.escape(character) + "{3,}", "\n".join(lines[start + 1 : end]))
    mark = character * (max(map(len, (opening[2], *inner))) + 1)
    lines[start] = f"{opening[1]}{mark}{opening[3]}"
    closing = lines[end].rstrip(" \t")
    lines[end] = closing.rstrip(character) + mark
