"""Colours in formulas, reduced to the few that the style sheet defines for light and dark pages."""

import re

# What the style sheet has a class for, as the red, green and blue (0 to 255) of the CSS colour.
COLOURS = {
    "red": (255, 0, 0),
    "orange": (255, 140, 0),
    "brown": (150, 75, 0),
    "green": (0, 150, 0),
    "teal": (0, 150, 150),
    "blue": (0, 0, 255),
    "purple": (140, 0, 180),
    "magenta": (255, 0, 200),
    "gray": (128, 128, 128),
}
# The codes that LaTeX's package xcolor, and with it the converter, gives to those names.
CODES = {
    "FF0000": "red",
    "FF8001": "orange",
    "BF803F": "brown",
    "03FF00": "green",
    "008080": "teal",
    "0000FF": "blue",
    "BF0140": "purple",
    "FB3199": "magenta",
    "808080": "gray",
}
HEX = re.compile(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})$")
NAME = re.compile(r"[a-zA-Z]{1,30}$")
# Names that have one of those colours but none of their names in them.
SYNONYMS = {
    "cyan": "teal",
    "aqua": "teal",
    "turquoise": "teal",
    "navy": "blue",
    "violet": "purple",
    "indigo": "purple",
    "pink": "magenta",
    "fuchsia": "magenta",
    "crimson": "red",
    "maroon": "red",
    "lime": "green",
    "olive": "green",
    "gold": "orange",
    "yellow": "orange",
    "grey": "gray",
    "silver": "gray",
}


def colour_name(written: str) -> str:
    """Return the name in COLOURS nearest to `written`, the name or hexadecimal number of a colour
    in TeX.

    "" for an unknown colour, and for nearly black and white, which would be invisible on a dark or
    light page: the formula then has the colour of the text.
    """
    written = written.strip()
    if match := HEX.match(written):
        digits = match[1] if len(match[1]) == 6 else "".join(c * 2 for c in match[1])
        return nearest(*bytes.fromhex(digits))
    if not NAME.match(written):
        return ""
    name = written.lower()
    for known in (*COLOURS, *SYNONYMS):
        if known in name:
            return SYNONYMS.get(known, known)
    return ""


def nearest(red: int, green: int, blue: int) -> str:
    """Return the name in COLOURS nearest to a colour, given as 0 to 255 each; "" if it is nearly
    black or white."""
    if max(red, green, blue) < 50 or min(red, green, blue) > 220:
        return ""
    wanted = red, green, blue
    return min(
        COLOURS, key=lambda n: sum((a - b) ** 2 for a, b in zip(COLOURS[n], wanted, strict=True))
    )
