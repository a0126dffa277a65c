"""Conversion of chemical formulas in the notation of LaTeX's mhchem package to TeX without that
package.

Covered are the formulas and equations of school and textbooks: amounts, subscripts and
superscripts, charges, isotopes, states, bonds, precipitates and arrows with text above and below.
Source: the mhchem manual, version 4.
"""

import re

ARROWS = {
    "<=>>": r"\xrightleftharpoons",
    "<<=>": r"\xrightleftharpoons",
    "<=>": r"\xrightleftharpoons",
    "<-->": r"\xleftrightarrow",
    "<->": r"\xleftrightarrow",
    "->": r"\xrightarrow",
    "<-": r"\xleftarrow",
    "→": r"\xrightarrow",
    "⇌": r"\xrightleftharpoons",
}
TOKEN = re.compile(
    r"(?P<arrow><=>>|<<=>|<=>|<-->|<->|->|<-|→|⇌)"
    r"(?:\[(?P<above>[^\[\]]*)\])?(?:\[(?P<below>[^\[\]]*)\])?"
    r"|\$(?P<math>[^$]*)\$"
    r"|(?P<script>[\^_])(?:\{(?P<group>[^{}]*)\}|(?P<bare>\d*[+-]|-?\d+|[A-Za-z]|\\[A-Za-z]+))"
    r"|(?P<state>\((?:aq|s|l|g|cr|ads|v)\))"
    r"|(?P<number>\d+(?:[./]\d+)?)"
    r"|(?P<command>\\[A-Za-z]+)"
    r"|(?P<letters>[A-Z][a-z]?|[a-z]+)"
    r"|(?P<space>[ \t\n]+)"
    r"|(?P<other>.)",
    re.S,
)
INDEX = re.compile(r"\d+")
BONDS = {
    "=": "=",
    "#": r"\equiv ",
    "-": "-",
    "–": "-",
    ".": r"\cdot ",
    "*": r"\cdot ",
    "·": r"\cdot ",
}


def chemistry(written: str) -> str:
    """Return the TeX for `written`, a chemical formula or equation as in the argument of \\ce{}
    (`2H2 + O2 -> 2H2O`)."""
    out: list[str] = []
    # What stands before: "" at the beginning or after a space, "atom", "index" or "other".
    before = ""
    at = 0
    while at < len(written):
        match = INDEX.match(written, at) if before in ("atom", "index") else None
        match = match or TOKEN.match(written, at)
        at = match.end()
        if match.re is INDEX:
            out.append(f"_{{{match[0]}}}")
            before = "index"
            continue
        after = written[match.end() : match.end() + 1]
        if match["arrow"]:
            below = f"[{_label(match['below'])}]" if match["below"] else ""
            out.append(f"{ARROWS[match['arrow']]}{below}{{{_label(match['above'] or '')}}}")
            before = ""
        elif match["math"] is not None:
            out.append(f"{{{match['math']}}}")
            before = "atom"
        elif match["script"]:
            inner = match["group"] if match["group"] is not None else match["bare"]
            base = "" if before else "{}"
            out.append(f"{base}{match['script']}{{{_script(inner)}}}")
            before = "index"
        elif match["state"]:
            out.append(rf"\mathrm{{{match['state']}}}")
            before = "other"
        elif match["number"]:
            amount = match["number"].split("/")
            number = rf"\frac{{{amount[0]}}}{{{amount[1]}}}" if len(amount) == 2 else amount[0]
            out.append(f"{number}\\,")
            before = ""
        elif match["letters"]:
            out.append(_letters(match["letters"], before, after))
            before = "atom"
        elif match["space"]:
            out.append(" ")
            before = ""
        else:
            sign, before = _sign(match[0], before, after)
            out.append(sign)
    return "".join(out)


def _letters(letters: str, before: str, after: str) -> str:
    """Return the TeX for `letters` in a chemical formula: upright as an element, unchanged if a
    single small letter (a variable), ↓ for a `v` that stands alone (a precipitate). `before` is the
    kind of the token before ("atom", "index" for a subscript or superscript, or "other"; "" at the
    beginning and after a space), `after` the next character ("" at the end)."""
    if letters == "v" and not before and after in ("", " "):
        return r"\downarrow "
    # A letter that is no element stands for a number, as the n of a polymer.
    return letters if len(letters) == 1 and letters.islower() else rf"\mathrm{{{letters}}}"


def _sign(sign: str, before: str, after: str) -> tuple[str, str]:
    """Return `(TeX, kind)` for `sign`, a character or a command in a chemical formula; `kind` is
    what it counts as for the next token: "atom", "index" (a superscript), "other", or "" as at the
    beginning of a formula.
    `before` is the kind of the token before it, `after` the next character ("" at the end)."""
    if sign in ("+", "-") and before in ("atom", "index") and not (sign == "-" and after.isalnum()):
        return f"^{{{sign}}}", "index"
    if sign == "^":
        return r"\uparrow ", "other"
    if sign in ("(", "[", "{"):
        return sign, ""
    if sign in (")", "]", "}"):
        return sign, "atom"
    if sign in BONDS:
        return BONDS[sign], ""
    # A command ends where a letter cannot belong to it.
    return (f"{sign} " if len(sign) > 1 else sign), "other"


def _script(inner: str) -> str:
    """Return the TeX for `inner`, the text of a subscript or superscript, without braces around it:
    upright (\\mathrm) if it is letters only, else unchanged."""
    return rf"\mathrm{{{inner}}}" if inner.isalpha() else inner


def _label(written: str) -> str:
    """Return the TeX for `written`, the text above or below an arrow: a chemical formula if it has
    a capital letter or a digit, else words (\\text); TeX is kept, without its dollars."""
    written = written.strip()
    if not written or "\\" in written or "$" in written:
        return written.replace("$", "")
    return chemistry(written) if re.search(r"[A-Z0-9]", written) else rf"\text{{{written}}}"
