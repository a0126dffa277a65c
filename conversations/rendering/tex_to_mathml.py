"""Conversion of LaTeX to MathML on the server; browsers draw MathML themselves."""

import re
from functools import lru_cache
from html import escape

from math_core import LatexError, LatexToMathML

from .mathml_cleaning import presentable
from .tex import prepare
from .tex_delimiters import unclosed
from .tex_macros import TooMuchTeX, expand

# math-core recurses, and ends the process where the stack is used up: measured, 300 levels pass
# on a thread with 512 KB, and so do 4,000 characters of whatever nests without braces (brackets,
# names of functions) with 2 MB. An argument without braces nests too (\sqrt\sqrt\sqrt…).
FORMULA_CHARACTERS = 4_000
FORMULA_DEPTH = 50
FORMULA_ARGUMENTS = 200
# Each doubles the time: measured, up to 25 ms for 4,000 characters.
FORMULA_UNCLOSED = 5

BRACE = re.compile(
    r"\\[\\{}]|(\{|\\left(?![a-zA-Z])|\\begin(?![a-zA-Z]))|(\}|\\right(?![a-zA-Z])|\\end(?![a-zA-Z]))"
)
COMMAND = re.compile(r"\\(?:[a-zA-Z]+|.)", re.S)
DEFINES = re.compile(
    r"\\(?:[a-z]*def|let|futurelet|[a-z]*newcommand|providecommand|DeclareMathOperator)(?![a-zA-Z])"
)
LIMITS = re.compile(r"\\(?:no)?limits(?![a-zA-Z])")
# What an argument is tried with, to see how many a command takes.
ARGUMENTS = ("{}", "{x}", "=", "{1em}", "{red}")
MOST_ARGUMENTS = 6  # \genfrac

# Commands that the library itself defines by others expand; none of them expands to another often.
_converter = LatexToMathML(max_expansions=500, allow_unreliable_rendering=True, fancy_error=False)


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
        tex = prepare(tex)
        # A command that means something else (\let) would not be counted as what it is.
        if len(tex) > 2 * FORMULA_CHARACTERS or _too_deep(tex) or DEFINES.search(tex):
            return ""
        if unclosed(tex, _arguments_of) > FORMULA_UNCLOSED:
            return ""
        return presentable(_converted(tex, display))
    except (LatexError, TooMuchTeX):
        return ""


def _converted(tex: str, display: bool) -> str:
    """Return the MathML of `tex`, which is prepared for the converter; `display` is True for a
    formula on lines of its own. Raises LatexError."""
    try:
        return _converter.convert_with_local_state(tex, displaystyle=display)
    except LatexError:
        if not LIMITS.search(tex):
            raise
        # The converter accepts \limits only after what it knows as an operator: try without it.
        return _converter.convert_with_local_state(LIMITS.sub(" ", tex), displaystyle=display)


def _too_deep(tex: str) -> bool:
    """Return True if the formula nests too deeply or has too many arguments for the converter,
    which could crash the process."""
    depth = 0
    for match in BRACE.finditer(tex):
        if match[1]:
            depth += 1
            if depth > FORMULA_DEPTH:
                return True
        elif match[2] and depth:
            depth -= 1
    commands = COMMAND.findall(tex)
    return sum(_arguments_of(command) > 0 for command in commands) > FORMULA_ARGUMENTS


@lru_cache(maxsize=1000)
def _arguments_of(command: str) -> int:
    """Return how many arguments the converter to MathML wants for `command`, such as "\\frac"; 0
    for a command that it does not know. Found by trying the sample arguments in ARGUMENTS: if none
    is accepted, up to MOST_ARGUMENTS times, return MOST_ARGUMENTS + 1."""
    for count in range(MOST_ARGUMENTS + 1):
        for argument in ARGUMENTS if count else ARGUMENTS[:1]:
            try:
                _converter.convert_with_local_state(command + argument * count, displaystyle=False)
            except LatexError as error:
                if "Unknown command" in str(error):
                    return 0
            else:
                return count
    return MOST_ARGUMENTS + 1
