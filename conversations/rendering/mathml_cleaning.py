"""Adaptation of MathML to the page: without style attributes, and only with elements that browsers
draw.

The page's Content-Security-Policy blocks style attributes, and MathML Core has no <menclose>. Both
become classes for the style sheet. An element that the page does not allow becomes an <mrow>, never
its bare children: <mfrac>, <msup> and the like need a fixed number of children.
"""

import re

from .tex_colours import CODES, COLOURS, nearest

ELEMENTS = frozenset(
    "math mrow mi mo mn ms mtext mspace msup msub msubsup munder mover munderover mmultiscripts"
    " mprescripts mfrac msqrt mroot mtable mtr mtd mstyle mpadded mphantom".split()
)
STRIKES = {
    "box": "box",
    "updiagonalstrike": "strike-up",
    "downdiagonalstrike": "strike-down",
    "horizontalstrike": "strike",
}
CLASSES = {
    "mrow": {*STRIKES.values(), *(f"tint-{name}" for name in COLOURS)},
    "mtd": {"left", "right", "center"}
    | {
        f"{kind}-{side}" for kind in ("line", "dash") for side in ("top", "right", "bottom", "left")
    },
}
CLASSES["mtable"] = CLASSES["mtd"]

ENCLOSED = re.compile(r'<menclose notation="([a-z ]*)"')
STRIKE_CHILD = re.compile(r'<mrow class="menclose-[a-z]*"></mrow>')
STYLE = re.compile(r' style="([^"]*)"')
ALIGNED = re.compile(r"text-align: (left|right|center)")
LINE = re.compile(r"border-(top|right|bottom|left): [\d.]+em (solid|dashed)")
COLOUR = re.compile(r"^color:#([0-9A-Fa-f]{6});")
TAG = re.compile(r"<(/?)([a-z]+)")


def presentable(mathml: str) -> str:
    """Return `mathml`, the converter's output, with classes in place of style attributes and
    <menclose>, and <mrow> in place of elements that are not allowed."""
    if "<menclose" in mathml:
        mathml = STRIKE_CHILD.sub("", mathml).replace("</menclose>", "</mrow>")
        mathml = ENCLOSED.sub(_enclosed, mathml)
    if "style=" in mathml:
        mathml = STYLE.sub(_classes, mathml)
    return TAG.sub(_allowed, mathml)


def _enclosed(match: re.Match) -> str:
    """Return the beginning of an <mrow> start tag (without its ">"), with the classes for the
    notations of the <menclose> that `match` has found."""
    return f'<mrow class="{" ".join(STRIKES.get(name, "box") for name in match[1].split())}"'


def _classes(match: re.Match) -> str:
    """Return a class attribute for a style attribute: alignment, lines and colour; "" if it has
    none of them."""
    style = match[1]
    names = ALIGNED.findall(style)
    names += [
        f"{'line' if kind == 'solid' else 'dash'}-{side}" for side, kind in LINE.findall(style)
    ]
    if colour := COLOUR.match(style):
        name = CODES.get(colour[1]) or nearest(*bytes.fromhex(colour[1]))
        names += [f"tint-{name}"] if name else []
    return f' class="{" ".join(names)}"' if names else ""


def _allowed(match: re.Match) -> str:
    """Return the beginning of a tag, with mrow in place of an element that is not allowed."""
    # <b> and <i> stand in text and hold nothing that is counted.
    known = match[2] in ELEMENTS or match[2] in ("b", "i")
    return match[0] if known else f"<{match[1]}mrow"
