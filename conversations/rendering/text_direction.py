"""Direction of writing: each block takes its own from its text; code always runs left to right.

Only blocks with letters that run from right to left are changed. In these the browser goes by the
first letter outside of code and formulas; lines, items and cells within take theirs from the style
sheet (`unicode-bidi: plaintext`).
"""

import re

# Hebrew, Arabic, Syriac, Thaana, N'Ko, Adlam and the others.
RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
# A box of code is put into a <div>, not changed: highlighting replaces its exact HTML later.
CODE = re.compile(r'(<div class="code">.*?</code></pre></div>)|<(code|math|kbd)(?=[ >])', re.S)
BOX = '<div class="code">'


def direction(html: str) -> tuple[str, str]:
    """Return ` dir="auto"`, an attribute for the element around `html`, and `html` with `dir="ltr"`
    on its code and formulas; "" and `html` unchanged if it has no right-to-left letters or begins
    with a box of code."""
    if html.isascii() or html.startswith(BOX) or not RIGHT_TO_LEFT.search(html):
        return "", html
    return ' dir="auto"', CODE.sub(_isolated, html)


def _isolated(match: re.Match) -> str:
    """Return a box of code in a <div dir="ltr">, or the beginning of another element with
    dir="ltr"."""
    return f'<div dir="ltr">{match[1]}</div>' if match[1] else f'<{match[2]} dir="ltr"'
