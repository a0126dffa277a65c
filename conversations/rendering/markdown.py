"""Conversion of one block of Markdown to HTML: by comrak, followed by this site's own formulas,
code, links and tables."""

import re
from collections.abc import Callable
from html import escape, unescape
from urllib.parse import unquote

import comrak

from .code_box import code_box, label
from .footnotes import as_written, marker
from .html_tags import put_tags
from .links import CHINESE_MARKS, destination, link
from .nested_fences import lengthen
from .protected_source import Fragment, protect, put_back
from .sanitizer import clean
from .tex_to_mathml import formula
from .unsafe_characters import MARKER_END, MARKER_START

# These match only what comrak itself writes: HTML in a text is escaped in its output.
CODE = re.compile(
    r'<pre><code(?: class="language-([^"]*)")?(?: data-math-style="display")?>([^<]*)</code></pre>'
)
# A formula on lines of its own needs no line breaks around it.
FORMULA = re.compile(f"(<br />\n)?{MARKER_START}(\\d+){MARKER_END}(<br />\n)?")
HEADING = re.compile(r"<(/?)h([1-6])>")
IMAGE = re.compile(r'<img src="([^"]*)" alt="([^"]*)"(?: title="[^"]*")? />')
LINK = re.compile(r'<a href="([^"]*)"(?: title="[^"]*")?>(.*?)</a>', re.S)
TASK = re.compile(r'<input type="checkbox"( checked="")? disabled="" />\s*(<p>)?')
CHINESE_MARK = re.compile(f"[{CHINESE_MARKS}]")
CELL = re.compile(r'<(t[hd]) align="(left|center|right)">')

Box = Callable[[str, str], str]

_extensions = comrak.ExtensionOptions()
_extensions.table = True
_extensions.strikethrough = True
_extensions.tasklist = True
_extensions.autolink = True
_extensions.cjk_friendly_emphasis = True
_parsing = comrak.ParseOptions()
_rendering = comrak.RenderOptions()
_rendering.escape = True
# Replies break their lines where they mean it, as people do in a chat.
_rendering.hardbreaks = True


def markdown(source: str, box: Box = code_box, definitions: str = "") -> str:
    """Return the sanitised HTML of `source`, the Markdown of one block; references to footnotes in
    it are markers (footnotes.marker).

    `box(code, info string)` is a function that returns the HTML of a piece of code. `definitions`:
    Markdown of the link definitions that `source` may use.
    """
    source, fragments = protect(lengthen(source))
    html = comrak.render_markdown(definitions + source, _extensions, _parsing, _rendering)
    html = put_back(html, fragments)
    if "<pre><code" in html:
        html = CODE.sub(lambda match: _code(match, box), html)
    if MARKER_START in html:
        html = FORMULA.sub(lambda match: _formula(match, fragments), html)
        if MARKER_START in html:
            html = put_tags(html, fragments)
    if "<a " in html:
        html = LINK.sub(_link, html)
    if "<img " in html:
        html = IMAGE.sub(_image, html)
    if "<input " in html:
        html = TASK.sub(_task, html)
    if "<table" in html:
        html = CELL.sub(r'<\1 class="\2">', html)
        html = html.replace("<table>", '<div class="table-scroll" tabindex="0"><table>')
        html = html.replace("</table>", "</table></div>")
    if "<h" in html:
        html = HEADING.sub(_heading, html)
    return clean(html)


def address_of(definition: str, label: str) -> str:
    """Return the URL of a link reference definition, given its Markdown and its label; "" if the
    parser finds no definition or the URL may not be followed."""
    html = comrak.render_markdown(f"{definition}\n[{label}]\n", _extensions, _parsing, _rendering)
    match = LINK.match(html, len("<p>"))
    url = unescape(match[1]) if match and html.startswith("<p>") else ""
    return url if destination(url)[0] else ""


def _code(match: re.Match, box: Box) -> str:
    """Return the HTML of a fence of code: a formula if its language is "math", otherwise what `box`
    makes."""
    code, info = unescape(match[2]), unescape(match[1] or "")
    if label(info) == "math":
        return f"<p>{formula(code, display=True)}</p>"
    return box(code, info)


def _formula(match: re.Match, fragments: list[Fragment]) -> str:
    """Return the HTML for the marker of a formula or a footnote; markers of other fragments
    unchanged."""
    kind, source, tex = fragments[int(match[2])]
    if kind == "display":
        return formula(tex, display=True)
    if kind == "inline":
        return f"{match[1] or ''}{formula(tex, display=False)}{match[3] or ''}"
    if kind == "footnote":
        label = escape(source[2:-1], quote=False)
        return f"{match[1] or ''}{marker(label)}{match[3] or ''}"
    return match[0]


def _heading(match: re.Match) -> str:
    """Return the tag of a heading two levels lower, at most h6."""
    # The page has its own first and second level.
    return f"<{match[1]}h{min(int(match[2]) + 2, 6)}>"


def _link(match: re.Match) -> str:
    """Return the HTML of the parser's link `match` as the site shows links, with an image in its
    text replaced by the image's alternative text; a URL that was found in text (no Markdown link)
    ends at the first Chinese punctuation mark."""
    # An image in a link is its text: links do not nest.
    inner = as_written(IMAGE.sub(lambda image: image[2], match[2]))
    url = unescape(match[1])
    if inner.startswith("http") and (mark := CHINESE_MARK.search(inner)):
        address = unescape(inner)
        if "<" not in inner and unquote(url) == unquote(address):
            # An address found in the text, and the text that goes on after it.
            at = mark.start()
            return link(unescape(inner[:at]), inner[:at]) + inner[at:]
    return link(url, inner)


def _image(match: re.Match) -> str:
    """Return a link to an image in place of the image, which would be loaded from another site."""
    url = unescape(match[1])
    return link(url, match[2] or escape(destination(url)[0], quote=False), kind="image")


def _task(match: re.Match) -> str:
    """Return the HTML of a list item's checkbox (`[x]`, `[ ]`) that `match` has: the character ☑ or
    ☐."""
    return f'{match[2] or ""}<span class="task">{"☑" if match[1] else "☐"}</span> '
