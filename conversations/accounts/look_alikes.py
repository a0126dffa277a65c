"""Look-alike names: detects usernames that a reader would take for an existing one."""

import unicodedata

from conversations.models import Person

# Letters of other scripts that are drawn like a Latin one, and figures and pairs of letters that
# pass for one; of Unicode Technical Standard 39, confusables.txt, what names are likely to use.
_DRAWN_LIKE = {
    "a": "аɑα",
    "b": "ЬƄ",
    "c": "сϲ",
    "d": "ԁ",
    "e": "еҽє",
    "g": "ɡց",
    "h": "һհ",
    "i": "іıɩι",
    "j": "јϳ",
    "k": "кκ",
    "l": "ӏ1",
    "m": "м",
    "n": "пո",
    "o": "оοօσ0",
    "p": "рρ",
    "q": "ԛզ",
    "r": "гᴦ",
    "s": "ѕꜱ",
    "t": "тτ",
    "u": "υսᴜ",
    "v": "ѵνᴠ",
    "w": "ԝѡᴡ",
    "x": "хχ",
    "y": "уүγ",
    "z": "ᴢ",
}
_FOLD = {ord(each): letter for letter, those in _DRAWN_LIKE.items() for each in those}
_PAIRS = (("rn", "m"), ("vv", "w"))


def skeletons(name):
    """Return a set of one or two skeletons of the username `name`: what is left when letters
    that look alike become one letter, and case, accents, separators and invisible characters are
    dropped. Names that share a skeleton look alike. (A capital I may stand for i or l, hence
    two.)"""
    return {_fold(name), _fold(name.replace("I", "l"))}


def looks_like_another(name, apart_from=None):
    """Return True if `name` looks like the username of an existing account (or equals it), other
    than the one with the id `apart_from`. Reads all usernames, which takes a tenth of a second for
    ten thousand people, so it is for sign-ups and changes of name only."""
    wanted = skeletons(name)
    names = Person.objects.exclude(pk=apart_from).values_list("username", flat=True)
    return any(wanted & skeletons(each) for each in names.iterator())


def _fold(name):
    """Return `name` in the form in which look-alike names are equal: without case, accents and
    separators, and with one letter for all that look like it."""
    folded = unicodedata.normalize("NFKD", name).casefold()
    letters = "".join(each for each in folded if unicodedata.category(each)[0] in "LN")
    letters = letters.translate(_FOLD)
    for pair, letter in _PAIRS:
        letters = letters.replace(pair, letter)
    return letters
