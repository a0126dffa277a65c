"""Text as it may be shown: characters that turn its order around stand there visibly.

Unicode's noncharacters are for use inside a program; here they are the markers of
`protected_source`, so none may come in with a text.
"""

import re

DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
SURROGATE_OR_NONCHARACTER = re.compile("[\ud800-\udfff\ufdd0-\ufdef]")
# A tilde that strikes nothing, and what encloses the number of a protected piece of source.
TILDE, MARKER_START, MARKER_END = "\ufdd0", "\ufdd1", "\ufdd2"
# The bracket of a definition that is text, and what encloses the label of a footnote in HTML.
BRACKET, REFERENCE_START, REFERENCE_END = "\ufdd3", "\ufdd4", "\ufdd5"
# What stands between two references that the parser would take for one.
APART = "\ufdd6"


def tidy(text: str) -> str:
    """Text that can be encoded, with what would reverse or hide parts of it made visible.

    Line ends become "\\n". Safe to use on pieces, as long as no piece ends in "\\r".
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.isascii():
        return CONTROL.sub("\ufffd", text)
    text = SURROGATE_OR_NONCHARACTER.sub("\ufffd", CONTROL.sub("\ufffd", text))
    return DIRECTION.sub(lambda match: f"‹U+{ord(match[0]):04X}›", text)
