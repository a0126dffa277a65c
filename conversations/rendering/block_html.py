"""One complete block to HTML, by its kind."""

import re
from html import escape

from .block_splitter import Block, Kind
from .code import code_box, label
from .formula_block import tex_of
from .formulas import formula
from .guards import BLOCK_CHARACTERS, too_heavy
from .line_syntax import FENCE, columns
from .markdown import Box, markdown
from .sanitizer import clean
from .text_direction import direction


def wrapped(html: str, number: int, prefix: str = "") -> str:
    """The HTML of block `number`, counted from 0, as the page finds it; `prefix` tells the blocks
    of one text of an article from those of another."""
    attribute, html = direction(html)
    return f'<div class="block" data-block="{prefix}{number}"{attribute}>{html}</div>'


def plain(text: str) -> str:
    """Text as it is, with its lines."""
    return f'<pre class="plain" tabindex="0">{escape(text, quote=False)}</pre>'


def unparsed_html(block: Block, box: Box = code_box) -> tuple[str, int] | None:
    """The final HTML of a block that is no Markdown, or is too long, and how many characters were
    converted for it; None where it is to be parsed. box draws code."""
    kind, source, closed = block
    if len(source) > BLOCK_CHARACTERS:
        return plain(source), 0
    if kind is Kind.HTML:
        return plain(source.rstrip("\n")), 0
    if kind is Kind.FORMULA:
        tex = tex_of(source)
        return clean(f"<p>{formula(tex, display=True)}</p>"), len(tex)
    if kind is Kind.FENCE:
        info, code = fenced(source, closed)
        if label(info) == "math":
            return clean(f"<p>{formula(code, display=True)}</p>"), len(code)
        return clean(box(code, info)), len(code)
    return None


def parsed_html(source: str, definitions: str = "", box: Box = code_box) -> str:
    """The HTML of Markdown with the link definitions it may refer to; too heavy, it is text."""
    return plain(source) if too_heavy(source) else markdown(source, box, definitions)


def fenced(source: str, closed: bool) -> tuple[str, str]:
    """What stands after the mark of a fence, and the code in it."""
    head, _, body = source.partition("\n")
    indent = columns(head)
    match = FENCE.match(head.lstrip(" "))
    info = match[2] or match[4] or ""
    if closed:
        before, newline, _ = body.rstrip("\n").rpartition("\n")
        body = before + newline
    if indent:
        body = re.sub(f"^ {{1,{indent}}}", "", body, flags=re.M)
    return info.strip(" \t"), body
