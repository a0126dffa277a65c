"""Blocks that a reader can fold: the Markdown from a line that begins with <details> to its
</details>."""

import re

from .line_syntax import FENCE
from .nested_fences import OpenFence

TAG = re.compile(r"<(/?)details[ \t]*>", re.I)


class OpenFolding:
    """State of a <details> block while its lines are read, to find its end. Tags within fences of
    code do not count."""

    def __init__(self) -> None:
        self._depth = 0
        self._fence: OpenFence | None = None

    def ends(self, line: str) -> bool:
        """Read the next line, the first included; return True if it closes the block."""
        text = line.lstrip(" \t")
        if self._fence:
            if self._fence.closes(text):
                self._fence = None
            return False
        if fence := FENCE.match(text):
            self._fence = OpenFence(fence[1] or fence[3], fence[2] or fence[4] or "")
            return False
        for match in TAG.finditer(line):
            self._depth += -1 if match[1] else 1
        return self._depth <= 0


def begins(text: str) -> bool:
    """Return True if `text`, a line without its indentation, begins a <details> block."""
    match = TAG.match(text)
    return match is not None and not match[1]
