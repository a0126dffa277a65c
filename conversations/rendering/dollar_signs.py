"""Decision whether two dollar signs in a text enclose a formula, or are money, shell variables or
nothing.

Pandoc's rule comes first: no space inside the dollars, no digit right after them. What it takes for
a formula is checked again, as replies are full of `$HOME/bin:$PATH`, `US$5/A$7` and Chinese without
spaces. Signs that only TeX has (a command, a power, a braced index) speak for a formula.
"""

import re

TEX = re.compile(r"\\[a-zA-Z]+|\^|_\{|\\[{}|,;]")
TEX_OR_RELATION = re.compile(TEX.pattern + r"|[=_<>]")
UPRIGHT = re.compile(r"\\(?:text\w*|mbox|mathrm|operatorname\*?)[ \t]*\{[^{}]*\}|\\[a-zA-Z]+")
WORDS = re.compile(r"(?<![^\W\d_])[^\W\d_]{2,}+[,;.:]?[ \t\n]++[^\W\d_]{2,}")
# Words that join two prices.
JOINING = re.compile(r"(?<![^\W\d_])(?:and|or|to|per|for|vs|plus|und|oder|bis|et|ou|à)(?![^\W\d_])")
CJK = re.compile("[\u3001-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\uff01-\uff60]")
NOT_FIRST = frozenset("?!@#\"',;:)]}>&%/、，。；：")
NOT_LAST = frozenset('/([{<"@&:、，；：')
# A name in a path or a list of variables, as in $HOME\bin or $A_DIR.
PATH = re.compile(r"[A-Za-z_]\w+(?:[.:/\\-][\w.:/\\-]*)?$")
# What may follow a formula without a space: $n$th, $x$s, $2$D.
SUFFIX = re.compile(r"(?:th|st|nd|rd|s|d|D|fold|ary|NN|NNs|way|gram|grams)(?![A-Za-z0-9])")
LINE_THAT_BEGINS_A_BLOCK = re.compile(r"\n[ \t]*(?:[-+*#>|][ \t]|\||\d+[.)][ \t]|```|~~~|\n)")


def enclose_formula(text: str, start: int, end: int) -> bool:
    """Return True if the single dollar signs right before and after text[start:end] enclose a
    formula."""
    inner = text[start:end]
    if not inner.strip() or LINE_THAT_BEGINS_A_BLOCK.search(inner):
        return False
    has_tex = bool(TEX.search(inner))
    spaced = inner[0].isspace() or inner[-1].isspace()
    if spaced and (not has_tex or WORDS.search(UPRIGHT.sub(" ", inner))):
        return False
    before = text[start - 2 : start - 1] if start > 1 else ""
    after = text[end + 1 : end + 2]
    if after.isdigit() and not (has_tex and before.isdigit()):
        return False
    if not _reads_as_formula(inner.strip(), has_tex):
        return False
    if before.isascii() and before.isalnum() and not has_tex:
        return False
    return not _begins_a_variable(after) or _followed(text, inner, end, has_tex)


def is_display(tex: str) -> bool:
    """Return True if `tex`, the text between two double dollar signs, reads as a formula."""
    inner = tex.strip()
    return bool(inner) and _reads_as_formula(inner, bool(TEX.search(inner)))


def is_prose(text: str) -> bool:
    """Return True if `text` has two words in a row and nothing that only TeX has."""
    return not TEX.search(text) and bool(WORDS.search(text))


def _reads_as_formula(inner: str, has_tex: bool) -> bool:
    """Return True if `inner`, not empty and without spaces around it, can be a formula; `has_tex`
    says that it has signs only TeX has."""
    if inner[0] in NOT_FIRST or inner[-1] in NOT_LAST:
        return False
    if has_tex:
        return True
    rest = UPRIGHT.sub(" ", inner)
    if '"' in rest or WORDS.search(rest):
        return False
    if CJK.search(rest) and not TEX_OR_RELATION.search(rest):
        return False
    if inner[0].isdigit() and JOINING.search(rest):
        return False
    # Half of a bracket belongs to the text around; an interval has both, of any kind.
    return sum(map(rest.count, "([{")) == sum(map(rest.count, ")]}"))


def _begins_a_variable(after: str) -> bool:
    """Return True if the character `after` could belong to the name of a shell variable after a
    dollar."""
    return after.isascii() and (after.isalpha() or after in ("_", "{", "("))


def _followed(text: str, inner: str, end: int, has_tex: bool) -> bool:
    """Return True if a formula between dollar signs may be followed without a space by what stands
    in `text` after its closing dollar, at the index `end`. `inner` is the text between the dollars;
    `has_tex` is True if that has something which only TeX has."""
    after = text[end + 1]
    if after == "{" or (after == "(" and inner[0] == "("):
        return False
    if after == "(":
        return True
    if has_tex:
        return not PATH.match(inner)
    return SUFFIX.match(text, end + 1) is not None and len(inner) <= 3 and inner.isalnum()
