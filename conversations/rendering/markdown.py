"""One block of Markdown to HTML: comrak, then formulas, code, links and tables of ours."""

import re
from collections.abc import Callable
from html import escape, unescape
from urllib.parse import unquote

import comrak

from .code import code_box
from .formulas import formula
from .links import CHINESE_MARKS, destination, link
from .sanitizer import clean

# These match comrak's own output only: whatever a text says comes escaped.
CODE = re.compile(
    r'<pre><code(?: class="language-([^"]*)")?( data-math-style="display")?>([^<]*)</code></pre>'
)
MATH = re.compile(r'<(span|code) data-math-style="(inline|display)">([^<]*)</\1>')
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
_extensions.math_dollars = True
_extensions.math_latex = True
_extensions.cjk_friendly_emphasis = True
_parsing = comrak.ParseOptions()
_rendering = comrak.RenderOptions()
_rendering.escape = True


def markdown(source: str, box: Box = code_box) -> str:
    """The HTML of a block's source, sanitised. box draws code, given it and its language."""
    html = comrak.render_markdown(source, _extensions, _parsing, _rendering)
    if "<pre><code" in html:
        html = CODE.sub(lambda match: _code(match, box), html)
    if "data-math-style" in html:
        html = MATH.sub(_formula, html)
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


def is_definition(source: str) -> bool:
    """Whether the parser finds nothing to show in source."""
    return not comrak.render_markdown(source, _extensions, _parsing, _rendering).strip()


def _code(match: re.Match, box: Box) -> str:
    code = unescape(match[3])
    if match[2]:
        return f"<p>{formula(code, display=True)}</p>"
    return box(code, unescape(match[1] or ""))


def _formula(match: re.Match) -> str:
    return formula(unescape(match[3]), display=match[2] == "display")


def _heading(match: re.Match) -> str:
    # The page has its own first and second level.
    return f"<{match[1]}h{min(int(match[2]) + 2, 6)}>"


def _link(match: re.Match) -> str:
    # An image in a link is its text: links do not nest.
    inner = IMAGE.sub(lambda image: image[2], match[2])
    url = unescape(match[1])
    if inner.startswith("http") and (mark := CHINESE_MARK.search(inner)):
        address = unescape(inner)
        if "<" not in inner and unquote(url) == unquote(address):
            # An address found in the text, and the text that goes on after it.
            at = mark.start()
            return link(unescape(inner[:at]), inner[:at]) + inner[at:]
    return link(url, inner)


def _image(match: re.Match) -> str:
    url = unescape(match[1])
    return link(url, match[2] or escape(destination(url)[0], quote=False), kind="image")


def _task(match: re.Match) -> str:
    return f'{match[2] or ""}<span class="task">{"☑" if match[1] else "☐"}</span> '
