"""Check for visible text: what a reviewer gives as a reason must not look blank to its readers."""

import unicodedata

# Letters by Unicode's categories, but drawn as nothing: the fillers of Hangul.
_FILLERS = "\u115f\u1160\u3164\uffa0"


def has_visible_text(text):
    """Return True if `text` has at least one letter or digit of any script that is drawn as
    something.

    Not enough are spaces, control characters, format characters such as zero-width joiners and
    tags, combining marks without a letter, the blank of Braille, unassigned and private characters,
    nor punctuation and symbols alone.
    """
    return any(
        unicodedata.category(character)[0] in "LN" and character not in _FILLERS
        for character in text
    )
