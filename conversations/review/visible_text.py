"""Whether a text says anything: what a reviewer gives as a reason must not be blank to a reader."""

import unicodedata

# Letters by Unicode's categories, but drawn as nothing: the fillers of Hangul.
_FILLERS = "\u115f\u1160\u3164\uffa0"


def has_visible_text(text):
    """Whether there is at least one letter or digit in `text`, of any script.

    Blanks, controls, format characters such as zero-width joiners and tags, combining marks
    without a letter, the blank of Braille, unassigned and private characters are none, nor are
    signs alone, which give no reason.
    """
    return any(
        unicodedata.category(character)[0] in "LN" and character not in _FILLERS
        for character in text
    )
