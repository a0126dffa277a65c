"""Rendering of Markdown to safe HTML: of a whole message (`render`), of many (`Batch`), of one that
streams (`Stream`), and of a user's message, which is not Markdown (`render_typed`).

A text is split into top-level blocks (block_splitter); each block is converted once, when it is
complete (block_html, markdown), and its HTML sanitised (sanitizer). What refers from one block to
another, as link definitions and footnotes do, is resolved when the text has ended
(cross_references). `render` feeds a Stream everything at once, so both give the same HTML.
"""

from .stream import Batch, Stream, render
from .user_message import render_typed

# The prefix of a reply's thoughts, which stand in one article with its answer.
THOUGHTS = "reasoning-"

__all__ = ["THOUGHTS", "Batch", "Stream", "render", "render_typed"]
