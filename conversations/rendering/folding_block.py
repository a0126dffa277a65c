"""Blocks that a reader can fold: from a line that begins with <details> to its </details>."""

import re

from .line_syntax import FENCE
from .nested_fences import OpenFence

TAG = re.compile(r"<(/?)details[ \t]*>", re.I)


class OpenFolding:
    """A <details> whose end has not been read. Tags in its code do not count."""

    def __init__(self) -> None:
        self._depth = 0
        self._fence: OpenFence | None = None

    def ends(self, line: str) -> bool:
        """Take a line and say whether it closes the block."""
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
    """Whether a line, without its indentation, begins such a block."""
    match = TAG.match(text)
    return match is not None and not match[1]
