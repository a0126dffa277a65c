"""Markdown to safe HTML, whole and while it is written.

The text is cut into top-level blocks from the top; each block is rendered by itself, with the link
definitions that stand before it. `Stream` does so as the text grows; `render` is a Stream that gets
everything at once, so both give the same HTML.
"""

from .stream import Stream, render
from .user_message import render_typed

# The prefix of a reply's thoughts, which stand in one article with its answer.
THOUGHTS = "reasoning-"

__all__ = ["THOUGHTS", "Stream", "render", "render_typed"]
