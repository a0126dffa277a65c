"""Characters that could hide or reorder text, and how they are made visible.

Unicode's noncharacters are for use inside a program; here some serve as markers while Markdown is
parsed (`protected_source`), so none may come in with a text.
"""

import re

DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufdd0-\ufdef]")
# A tilde that strikes nothing, and what encloses the number of a protected piece of source.
TILDE, MARKER_START, MARKER_END = "\ufdd0", "\ufdd1", "\ufdd2"
# The bracket of a definition that is text, and what encloses the label of a footnote in HTML.
BRACKET, REFERENCE_START, REFERENCE_END = "\ufdd3", "\ufdd4", "\ufdd5"
# What stands between two references that the parser would take for one.
APART = "\ufdd6"


def tidy(text: str) -> str:
    """Return `text` safe to show and to encode: line ends are "\\n"; control characters, lone
    surrogates and noncharacters become U+FFFD; characters that turn the order of text around become
    visible, as ‹U+202E›.

    It may be called on pieces of a text, as long as no piece ends in "\\r".
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = UNFIT.sub("\ufffd", text)
    if text.isascii():
        return text
    return DIRECTION.sub(lambda match: f"‹U+{ord(match[0]):04X}›", text)
