"""Conversion of LaTeX to MathML on the server; browsers draw MathML themselves."""

import re
from functools import lru_cache
from html import escape

from math_core import LatexError, LatexToMathML

from .mathml import presentable
from .tex import prepare
from .tex_macros import TooMuchTeX, expand

# math-core recurses, and ends the process where the stack is used up: measured, 300 levels pass
# on a thread with 512 KB. An argument without braces nests too (\sqrt\sqrt\sqrt…).
FORMULA_CHARACTERS = 4_000
FORMULA_DEPTH = 50
FORMULA_ARGUMENTS = 200
FORMULA_UNCLOSED = 10

BRACE = re.compile(
    r"\\[\\{}]|(\{|\\left(?![a-zA-Z])|\\begin(?![a-zA-Z]))|(\}|\\right(?![a-zA-Z])|\\end(?![a-zA-Z]))"
)
DELIMITER = re.compile(
    r"(?P<opens>[(\[]|\\(?:\{|(?:lbrace|lbrack|lparen|langle|lceil|lfloor|lvert|lVert|lgroup"
    r"|lmoustache|llbracket|lBrace|lBrack|lAngle|ulcorner|llcorner)(?![a-zA-Z])))"
    r"|(?P<closes>[)\]]|\\(?:\}|(?:rbrace|rbrack|rparen|rangle|rceil|rfloor|rvert|rVert|rgroup"
    r"|rmoustache|rrbracket|rBrace|rBrack|rAngle|urcorner|lrcorner)(?![a-zA-Z])))"
    r"|\\[a-zA-Z]+|\\.|(?P<group>\{)|(?P<ends>\})",
    re.S,
)
COMMAND = re.compile(r"\\(?:[a-zA-Z]+|.)", re.S)
DEFINES = re.compile(
    r"\\(?:[a-z]*def|let|futurelet|[a-z]*newcommand|providecommand|DeclareMathOperator)(?![a-zA-Z])"
)
LIMITS = re.compile(r"\\(?:no)?limits(?![a-zA-Z])")

# Commands that the library itself defines by others expand; none of them expands to another often.
_converter = LatexToMathML(max_expansions=500, allow_unreliable_rendering=True, fancy_error=False)
# Commands that a text defines could nest deeper than the text shows: they do not expand.
_unexpanding = LatexToMathML(max_expansions=0, allow_unreliable_rendering=True, fancy_error=False)


def formula(tex: str, display: bool) -> str:
    """Return the HTML of a formula: MathML, or its source in a <code class="formula"> if it cannot
    be converted or is too long or too deep. `tex` is the LaTeX without delimiters.

    `display` says whether it stands on a line of its own.
    """
    return _mathml(tex, display) or (
        f'<code class="formula">{escape(tex.strip(), quote=False)}</code>'
    )


@lru_cache(maxsize=256)
def _mathml(tex: str, display: bool) -> str:
    """Return the formula as MathML, "" if it cannot be converted or is too long or too deep."""
    if len(tex) > FORMULA_CHARACTERS or _too_deep(tex):
        return ""
    try:
        if DEFINES.search(tex):
            tex = expand(tex, FORMULA_CHARACTERS)
            if _too_deep(tex):
                return ""
        tex = prepare(tex)
        if len(tex) > 2 * FORMULA_CHARACTERS or _too_deep(tex):
            return ""
        return presentable(_converted(tex, display))
    except (LatexError, TooMuchTeX):
        return ""


def _converted(tex: str, display: bool) -> str:
    """Return the MathML of `tex`, which is prepared for the converter. Raises LatexError."""
    converter = _unexpanding if DEFINES.search(tex) else _converter
    try:
        return converter.convert_with_local_state(tex, displaystyle=display)
    except LatexError:
        if not LIMITS.search(tex):
            raise
        # The converter accepts \limits only after what it knows as an operator: try without it.
        return converter.convert_with_local_state(LIMITS.sub(" ", tex), displaystyle=display)


def _too_many_unclosed(tex: str) -> bool:
    """Return True if too many delimiters open without a partner in their group: for each the
    converter takes twice as long, 0.2 s for 22 of them."""
    unclosed, groups = 0, [0]
    for match in DELIMITER.finditer(tex):
        if match["opens"]:
            groups[-1] += 1
        elif match["closes"]:
            groups[-1] -= bool(groups[-1])
        elif match["group"]:
            groups.append(0)
        elif match["ends"]:
            unclosed += groups.pop()
            groups = groups or [0]
    return unclosed + sum(groups) > FORMULA_UNCLOSED


def _too_deep(tex: str) -> bool:
    """Return True if the formula nests too deeply or has too many arguments or unclosed delimiters
    for the converter, which could crash the process or take too long."""
    if _too_many_unclosed(tex):
        return True
    depth = 0
    for match in BRACE.finditer(tex):
        if match[1]:
            depth += 1
            if depth > FORMULA_DEPTH:
                return True
        elif match[2] and depth:
            depth -= 1
    commands = COMMAND.findall(tex)
    return sum(map(_takes_argument, commands)) > FORMULA_ARGUMENTS


@lru_cache(maxsize=1000)
def _takes_argument(command: str) -> bool:
    """Return True if the converter refuses the command alone, as it does those that take an
    argument."""
    try:
        _converter.convert_with_local_state(command, displaystyle=False)
    except LatexError:
        return True
    return False
