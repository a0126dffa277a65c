"""LaTeX to MathML, made on the server; browsers draw MathML themselves."""

import re
from functools import lru_cache
from html import escape

from math_core import LatexError, LatexToMathML

# math-core recurses, and ends the process where the stack is used up: measured, 300 levels pass
# on a thread with 512 KB. An argument without braces nests too (\sqrt\sqrt\sqrt…).
FORMULA_CHARACTERS = 4_000
FORMULA_DEPTH = 50
FORMULA_ARGUMENTS = 200

BRACE = re.compile(
    r"\\[\\{}]|(\{|\\left(?![a-zA-Z])|\\begin(?![a-zA-Z]))|(\}|\\right(?![a-zA-Z])|\\end(?![a-zA-Z]))"
)
COMMAND = re.compile(r"\\(?:[a-zA-Z]+|.)", re.S)
ALIGNMENT = re.compile(r'style="text-align: (left|right|center);[^"]*"')

# Macros could nest deeper than their text shows.
_converter = LatexToMathML(max_expansions=0)


def formula(tex: str, display: bool) -> str:
    """The formula as MathML, or its source as <code> where it cannot or must not be converted.

    display says whether it stands on a line of its own.
    """
    if len(tex) <= FORMULA_CHARACTERS and not _too_deep(tex):
        try:
            mathml = _converter.convert_with_local_state(tex, displaystyle=display)
        except LatexError:
            pass
        else:
            # The alignment of cells as classes: the page's policy blocks styles in attributes.
            return ALIGNMENT.sub(r'class="\1"', mathml) if "style=" in mathml else mathml
    return f'<code class="formula">{escape(tex.strip(), quote=False)}</code>'


def _too_deep(tex: str) -> bool:
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
    """Whether the command, standing alone, is refused: so do those that want something after."""
    try:
        _converter.convert_with_local_state(command, displaystyle=False)
    except LatexError:
        return True
    return False
