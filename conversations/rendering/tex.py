"""Rewriting of the TeX in replies to the TeX that the converter to MathML (math-core) knows.

What only lays out a page (numbers of equations, labels, sizes, links) is removed or replaced by its
content; environments of amsmath that differ only in their numbering become one. Nothing that a
reader would see gets lost. Sources: the amsmath user's guide, and KaTeX's list of supported
functions.

Over 300 lines since the tables of commands stand with the functions that rewrite them.
"""

import re
from collections.abc import Callable

from .chemistry import chemistry
from .tex_arguments import argument, option
from .tex_colours import colour_name

TOKEN = re.compile(r"\\(begin|end)[ \t]*\{([^{}\\]*)\}|\\([a-zA-Z]+)\*?|\\.|[{}&%]", re.S)
BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
# Mathematics within \text{}.
MATH_IN_TEXT = re.compile(r"(?<!\\)\$((?:[^$\\]|\\.)*)\$|\\\(((?:[^\\]|\\(?![()]))*)\\\)", re.S)
SPECIAL_IN_TEXT = re.compile(r"\\\\|(\\[a-zA-Z]+)|(?:(\\.)|([_&%#]))( *)|(\^)", re.S)
ROW_BREAK_SPACE = re.compile(r"[ \t\n]*\[-?[\d.]+[ \t]*[a-z]{2}\]")
COLUMNS = re.compile(r"\*\{(\d{1,2})\}\{([^{}]*)\}|[@!><]\{[^{}]*\}|[pmb]\{[^{}]*\}|[^lcr|:]")

# Environments by what they become; "" leaves only their content.
ENVIRONMENTS = {
    **dict.fromkeys(("align", "alignat", "alignedat", "flalign", "split", "xalignat"), "aligned"),
    **dict.fromkeys(("equation", "displaymath", "math", "subequations", "dmath"), ""),
    **dict.fromkeys(("gather", "multline", "multlined", "displaylines", "dgroup"), "gathered"),
    **dict.fromkeys(("eqnarray", "darray", "tabular"), "array"),
    "smallmatrix": "matrix",
    "drcases": "rcases",
}
HAVE_COLUMNS = frozenset(("alignat", "alignedat", "xalignat"))
# Commands that mean the same as another one, with the same arguments.
SYNONYMS = {
    **dict.fromkeys(("mbox", "hbox", "textup", "textnormal", "textmd", "textsc"), "text"),
    **dict.fromkeys(("toprule", "midrule", "bottomrule"), "hline"),
    **dict.fromkeys(("dotsb", "dotsm", "dotsi"), "cdots"),
    **dict.fromkeys(("dotsc", "dotso"), "ldots"),
    **dict.fromkeys(("wideparen", "overarc"), "overparen"),
    **dict.fromkeys(("sout", "st"), "cancel"),
    **dict.fromkeys(("uline",), "underline"),
    **dict.fromkeys(("newline", "cr"), "\\"),
    "emph": "textit",
    "defeq": "coloneqq",
    "hfill": "quad",
}
SYNONYMS_IN_TEXT = {"\\mbox": "\\text", "\\hbox": "\\text", "\\emph": "\\textit"}
TEXTS = frozenset(("text", "textrm", "textit", "textbf", "textsf", "texttt"))
# Commands without arguments that only lay out.
LEFT_OUT = frozenset(
    "nonumber notag Large LARGE large huge Huge normalsize small footnotesize scriptsize tiny"
    " displaybreak allowbreak nobreak noindent centering strut mathstrut".split()
)
# Commands that are left out with this number of arguments.
LEFT_OUT_WITH = {"label": 1, "require": 1, "cline": 1, "cmidrule": 1, "vspace": 1, "rule": 2}
# Commands of which only the last of this number of arguments is seen.
LAST_OF = {
    **dict.fromkeys(("href", "class", "cssId", "style", "htmlClass", "htmlId", "raisebox"), 2),
    **dict.fromkeys(("smash", "vcenter", "mathllap", "mathrlap", "mathclap", "llap", "rlap"), 1),
    "multicolumn": 3,
    "mathstrip": 1,
}
OPERATORS = {
    "varinjlim": r"\operatorname*{inj\,lim}",
    "varprojlim": r"\operatorname*{proj\,lim}",
    "injlim": r"\operatorname*{inj\,lim}",
    "projlim": r"\operatorname*{proj\,lim}",
    "euro": r"\text{€}",
}


def prepare(tex: str) -> str:
    """Return the formula `tex` (without its delimiters) rewritten for the converter to MathML.

    A line break or an alignment mark (&) outside every environment makes it a table of lines.
    """
    return _Rewriter(BLANK_LINES.sub("\n", tex)).lines()


class _Rewriter:
    """Single pass over the formula `tex`; arguments that are rewritten get a pass of their own.

    `at` is the index reached in `tex`, `out` has the pieces of the result. "Write" and "rewrite" in
    the methods mean: append to `out`, and move `at` after what was read.
    """

    def __init__(self, tex: str) -> None:
        self.tex = tex
        self.at = 0
        self.out: list[str] = []
        # How many groups and environments are open, and how many columns each of these has (0
        # where it does not say).
        self.depth = 0
        self.columns: list[int] = []
        # Whether a line breaks, or a column is marked, outside all of them.
        self.breaks = self.aligns = False
        # Whether a rule of a table stands right before.
        self.ruled = False

    def lines(self) -> str:
        """Return the rewritten formula, in an environment for several lines if it has several."""
        tex = self.rewritten()
        if self.aligns:
            return rf"\begin{{aligned}}{tex}\end{{aligned}}"
        return rf"\begin{{gathered}}{tex}\end{{gathered}}" if self.breaks else tex

    def rewritten(self) -> str:
        """Return the rewritten formula without an environment around it."""
        while match := TOKEN.search(self.tex, self.at):
            between = self.tex[self.at : match.start()]
            self.out.append(between)
            self.at = match.end()
            # Rules that follow each other directly are drawn as one.
            self.ruled = self.ruled and not between.strip()
            self._token(match)
        self.out.append(self.tex[self.at :])
        return "".join(self.out)

    def _token(self, match: re.Match) -> None:
        """Rewrite the token found by `match`, a match of TOKEN: the beginning or end of an
        environment, a command, or a special character."""
        written = match[0]
        if match[1]:
            self._environment(match[1], match[2].strip())
        elif match[3]:
            self._command(SYNONYMS.get(match[3], match[3]), written)
        elif written == "\\\\":
            self._row_break()
        elif written == "%":
            # Nobody writes comments in a reply: this is a percent sign without its backslash.
            self.out.append("\\%")
        elif written == "&":
            self.aligns = self.aligns or self.depth == 0
            self.out.append(written)
        else:
            self.depth += (written == "{") - (written == "}")
            self.out.append(written)

    def _row_break(self) -> None:
        """Write a line break, without the extra space it asks for; none at the end of the
        formula."""
        if match := ROW_BREAK_SPACE.match(self.tex, self.at):
            self.at = match.end()
        if self.depth == 0:
            if not self.tex[self.at :].strip():
                return
            self.breaks = True
        self.out.append("\\\\ ")

    def _environment(self, end: str, name: str) -> None:
        """Rewrite the beginning or the end (`end` is "begin" or "end") of the environment
        `name`."""
        bare = name.rstrip("*")
        known = ENVIRONMENTS.get(bare, bare)
        if end == "end":
            if known:
                self._end(known)
            return
        self._option()
        columns = ""
        if bare == "eqnarray":
            columns = "{rcl}"
        elif known == "array" and (found := argument(self.tex, self.at)):
            columns, self.at = f"{{{_columns(found[0])}}}", found[1]
        elif bare in HAVE_COLUMNS and (found := argument(self.tex, self.at)):
            self.at = found[1]
        if known:
            self.depth += 1
            self.columns.append(sum(map(columns.count, "lcr")))
            self.out.append(rf"\begin{{{known}}}{columns}")

    def _end(self, known: str) -> None:
        """Write the end of the environment `known`. An array that ends with a horizontal rule first
        gets the cells of an empty last row, as many as it has columns: the converter draws the rule
        above that row, and only as wide."""
        self.depth -= 1
        columns = self.columns.pop() if self.columns else 0
        if self.ruled and columns:
            # The last rule is drawn above a row of its own: it has to be as wide as the others.
            self.out.append(" & " * (columns - 1))
        self.out.append(rf"\end{{{known}}}")

    def _command(self, name: str, token: str) -> None:
        """Append to `out` what replaces a command, and move `at` after the arguments it takes; a
        command that lacks its arguments is left out. `name` is the command's name without backslash
        and star, replaced by its synonym in SYNONYMS; `token` is the command as it was written."""
        if name == "\\":
            self._row_break()
        elif name in LEFT_OUT:
            self.out.append(" ")
        elif name in LEFT_OUT_WITH:
            self._option()
            self._arguments(LEFT_OUT_WITH[name])
        elif name in LAST_OF:
            self._option()
            arguments = self._arguments(LAST_OF[name])
            self._put(arguments, lambda: f"{{{prepare(arguments[-1])}}}")
        elif name in OPERATORS:
            self.out.append(OPERATORS[name])
        elif name == "hline":
            self.out.append("" if self.ruled else r"\hline ")
            self.ruled = True
        elif name in TEXTS or name in REWRITTEN:
            self._rewrite(name, token)
        else:
            self.out.append(token if token.startswith(f"\\{name}") else f"\\{name} ")

    def _rewrite(self, name: str, token: str) -> None:
        """Rewrite the command `name`, which is in TEXTS or REWRITTEN, with its arguments; `token`
        is what was written, with the star of a starred command."""
        number, rewrite = REWRITTEN.get(name, (1, lambda arguments: text(arguments[0], name)))
        if name in ("bbox", "enclose", "textcolor", "color", "colorbox", "fcolorbox"):
            self._option()
        arguments = self._arguments(number)
        if name == "tag" and token.endswith("*"):
            arguments = ["*", *arguments]
        self._put(arguments, lambda: rewrite(arguments))

    def _put(self, arguments: list[str], written: Callable[[], str]) -> None:
        """Write what `written` returns, the replacement of a command, unless `arguments` is [],
        since the command lacks its arguments."""
        if arguments:
            self.out.append(written())

    def _arguments(self, number: int) -> list[str]:
        """Read and return the next `number` arguments, without braces; [] if fewer follow, which
        are not read then."""
        arguments, at = [], self.at
        for _ in range(number):
            found = argument(self.tex, at)
            if not found:
                return []
            arguments.append(found[0])
            at = found[1]
        self.at = at
        return arguments

    def _option(self) -> None:
        """Skip an optional argument ([…]), if one follows."""
        self.at = option(self.tex, self.at)


def text(written: str, command: str = "text") -> str:
    """Return the TeX of text within a formula: `written` as the argument of `command`, a name
    without backslash ("text", "textbf"). Formulas in it, between dollars or \\( \\), are rewritten
    and stand outside of the command."""
    parts, at = [], 0
    for match in MATH_IN_TEXT.finditer(written):
        parts.append(_plain_text(written[at : match.start()], command))
        parts.append(prepare(match[1] if match[1] is not None else match[2]))
        at = match.end()
    parts.append(_plain_text(written[at:], command))
    return "{" + "".join(parts) + "}" if at else parts[0]


def _plain_text(written: str, command: str) -> str:
    """Return the TeX `\\command{written}`, where `command` is a name without backslash, with the
    special characters of `written` escaped; "" if that is empty."""

    def escaped(match: re.Match) -> str:
        command, symbol, special, spaces, circumflex = match.groups()
        if command:
            return SYNONYMS_IN_TEXT.get(command, command)
        if symbol or special:
            # The converter drops spaces after a symbol, as if it were a command.
            return (symbol or f"\\{special}") + ("~" if spaces else "")
        return "\\^{}" if circumflex else " "

    return f"\\{command}{{{SPECIAL_IN_TEXT.sub(escaped, written)}}}" if written else ""


def _columns(written: str) -> str:
    """Return `written`, the columns of an array (as "lcr"), without what the converter does not
    know; "c" if none are left."""

    def known(match: re.Match) -> str:
        if match[1]:
            return match[2] * min(int(match[1]), 50)
        return "c" if match[0][0] in "pmbXSL" else ""

    return COLUMNS.sub(known, COLUMNS.sub(known, written)) or "c"


def _tag(arguments: list[str]) -> str:
    """Return the TeX of an equation's label: the last of `arguments`, in brackets unless there are
    two (the first is then "*", of a starred command)."""
    starred, written = len(arguments) == 2, arguments[-1]
    return r"\qquad " + text(written if starred else f"({written})")


def _coloured(arguments: list[str]) -> str:
    """Return the TeX for `\\textcolor` with `arguments`, a colour and a content: with the nearest
    colour of the style sheet, or the content alone if there is none."""
    name = colour_name(arguments[0])
    inner = prepare(arguments[1])
    return rf"\textcolor{{{name}}}{{{inner}}}" if name else f"{{{inner}}}"


def _colour(arguments: list[str]) -> str:
    """Return the TeX for `\\color` with `arguments`, one colour: with the nearest colour of the
    style sheet, or a space if there is none."""
    name = colour_name(arguments[0])
    return rf"\color{{{name}}}" if name else " "


def _character(arguments: list[str]) -> str:
    """Return the TeX for `\\unicode` with `arguments`, the number of a character (decimal, or
    hexadecimal after an x); "" if there is no such character."""
    number = arguments[0].strip().lstrip("x")
    try:
        return text(chr(int(number, 16 if "x" in arguments[0] else 10)))
    except ValueError:
        return ""


def _boxed(arguments: list[str]) -> str:
    """Return the TeX that shows the last of `arguments` in a frame."""
    return rf"\boxed{{{prepare(arguments[-1])}}}"


# Commands with the number of their arguments and what is written in their place.
REWRITTEN: dict[str, tuple[int, Callable[[list[str]], str]]] = {
    "tag": (1, _tag),
    "eqref": (1, lambda a: text(f"({a[0]})")),
    "ref": (1, lambda a: text(a[0])),
    "url": (1, lambda a: text(a[0])),
    "substack": (1, lambda a: rf"\begin{{subarray}}{{c}}{prepare_rows(a[0])}\end{{subarray}}"),
    "displaylines": (1, lambda a: rf"\begin{{gathered}}{prepare_rows(a[0])}\end{{gathered}}"),
    "ce": (1, lambda a: f"{{{chemistry(a[0])}}}"),
    "pu": (1, lambda a: f"{{{quantity(a[0])}}}"),
    "SI": (2, lambda a: f"{{{quantity(a[0] + ' ' + a[1])}}}"),
    "qty": (2, lambda a: f"{{{quantity(a[0] + ' ' + a[1])}}}"),
    "si": (1, lambda a: f"{{{quantity(a[0])}}}"),
    "unit": (1, lambda a: f"{{{quantity(a[0])}}}"),
    "num": (1, lambda a: f"{{{prepare(a[0])}}}"),
    "ang": (1, lambda a: f"{{{prepare(a[0])}}}^\\circ "),
    "textcolor": (2, _coloured),
    "color": (1, _colour),
    "colorbox": (2, lambda a: text(a[1])),
    "fcolorbox": (3, lambda a: rf"\boxed{{{text(a[2])}}}"),
    "fbox": (1, lambda a: rf"\boxed{{{text(a[0])}}}"),
    "framebox": (1, lambda a: rf"\boxed{{{text(a[0])}}}"),
    "bbox": (1, _boxed),
    "boxed": (1, _boxed),
    "enclose": (2, _boxed),
    "cancelto": (2, lambda a: rf"\cancel{{{prepare(a[1])}}}^{{{prepare(a[0])}}}"),
    "unicode": (1, _character),
}


def prepare_rows(tex: str) -> str:
    """Return rows of a table rewritten for the converter, without an environment around them: for a
    caller that adds one."""
    return _Rewriter(tex).rewritten()


def quantity(written: str) -> str:
    """Return the TeX of a number with its unit, as in `5 kJ/mol`, with the unit upright and its
    powers raised."""
    match = re.match(r"\s*([-+]?[\d.,]*(?:\s*[eE×]\s*[-+]?\d+)?)\s*(.*)$", written, re.S)
    number, unit = match[1], match[2].replace(".", r"{\cdot}").replace("*", r"{\cdot}")
    power = re.fullmatch(r"([^\seE]*+)\s*+[eE]\s*+([-+]?\d+)", number)
    if power:
        number = rf"{power[1]}\times 10^{{{power[2]}}}" if power[1] else f"10^{{{power[2]}}}"
    unit = re.sub(r"\^?(-?\d+)", r"^{\1}", unit)
    gap = r"\," if number and unit else ""
    return f"{number}{gap}" + (rf"\mathrm{{{unit}}}" if unit else "")
