"""Conversion of one complete top-level block to HTML, according to its kind."""

import re
from html import escape

from .block_splitter import Block, Kind
from .code_box import code_box, label
from .formula_block import tex_of
from .line_syntax import FENCE, columns
from .markdown import Box, markdown
from .markdown_limits import BLOCK_CHARACTERS, too_heavy
from .sanitizer import clean
from .tex_to_mathml import formula
from .text_direction import direction


def wrapped(html: str, number: int, prefix: str = "") -> str:
    """Return `html`, the HTML of one block, in a <div class="block"> with the attribute
    `data-block`: `prefix`, which tells apart several texts in one article, followed by `number`,
    the block's number from 0. A block with right-to-left letters also gets dir="auto"."""
    attribute, html = direction(html)
    return f'<div class="block" data-block="{prefix}{number}"{attribute}>{html}</div>'


def plain(text: str) -> str:
    """Return `text` escaped in a <pre class="plain">, with its line breaks."""
    return f'<pre class="plain" tabindex="0">{escape(text, quote=False)}</pre>'


def unparsed_html(block: Block, box: Box = code_box) -> tuple[str, int] | None:
    """Return the final HTML of a block that is not given to the Markdown parser (code, formula, raw
    HTML, or longer than BLOCK_CHARACTERS) and how many characters were converted for it; None if
    the block is Markdown to be parsed. `box(code, info string)` is a function that returns the HTML
    of a piece of code."""
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
    """Return the HTML of `source`, the Markdown of one block; as plain text if it is too costly to
    parse. `definitions`: Markdown of the link definitions it may use. `box(code, info string)` is a
    function that returns the HTML of a piece of code."""
    return plain(source) if too_heavy(source) else markdown(source, box, definitions)


def fenced(source: str, closed: bool) -> tuple[str, str]:
    """Return `(info string, code)` of a fenced code block, given its Markdown `source`: what
    follows the opening mark, and the code without the fence's indentation. `closed` says that the
    last line of `source` is the closing mark."""
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
