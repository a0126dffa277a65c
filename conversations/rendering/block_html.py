"""One complete block to HTML, by its kind."""

import re
from html import escape

from .block_splitter import Block, Kind
from .code import code_box, label
from .formulas import formula
from .guards import BLOCK_CHARACTERS, too_heavy
from .line_syntax import FENCE, closes, columns
from .link_references import Definitions
from .markdown import Box, is_definition, markdown
from .sanitizer import clean


def wrapped(html: str, number: int, prefix: str = "") -> str:
    """The HTML of block `number`, counted from 0, as the page finds it; `prefix` tells the blocks
    of one text of an article from those of another."""
    return f'<div class="block" data-block="{prefix}{number}">{html}</div>'


def plain(text: str) -> str:
    """Text as it is, with its lines."""
    return f'<pre class="plain" tabindex="0">{escape(text, quote=False)}</pre>'


def block_html(block: Block, definitions: Definitions, box: Box = code_box) -> tuple[str, int]:
    """The final HTML of a block and how many characters were parsed for it.

    Definitions the block makes are kept in `definitions`, for the blocks after it. box draws code.
    """
    kind, source = block
    if len(source) > BLOCK_CHARACTERS:
        return plain(source), 0
    if kind is Kind.HTML:
        return plain(source.rstrip("\n")), 0
    if kind is Kind.FORMULA:
        tex = source.strip()[2:-2]
        return clean(f"<p>{formula(tex, display=True)}</p>"), len(tex)
    if kind is Kind.FENCE:
        info, code = fenced(source)
        if label(info) == "math":
            return clean(f"<p>{formula(code, display=True)}</p>"), len(code)
        return clean(box(code, info)), len(code)
    if too_heavy(source):
        return plain(source), 0
    wanted = definitions.wanted(source)
    definitions.spend(wanted)
    html = markdown(wanted + source, box)
    parsed = len(wanted) + len(source)
    if kind is Kind.TEXT and source.lstrip(" ").startswith("["):
        parsed += definitions.learn(source, is_definition)
    return html, parsed


def fenced(source: str) -> tuple[str, str]:
    """What stands after the mark of a fence, and the code in it."""
    head, _, body = source.partition("\n")
    indent = columns(head)
    match = FENCE.match(head.lstrip(" "))
    mark, info = match[1] or match[3], match[2] or match[4] or ""
    before, newline, last = body.rstrip("\n").rpartition("\n")
    if closes(last, mark):
        body = before + newline
    if indent:
        body = re.sub(f"^ {{1,{indent}}}", "", body, flags=re.M)
    return info.strip(" \t"), body
