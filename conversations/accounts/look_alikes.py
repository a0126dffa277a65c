"""Look-alike names: usernames that a reader takes for one that is there already."""

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
    """What is left of a name where letters that look alike are one, as a set: compatible forms,
    case, marks, separators and what is drawn as nothing are dropped. A capital I is drawn like an
    l, and is an i in a name in capitals, so there may be two. Names that share one look alike.
    """
    return {_fold(name), _fold(name.replace("I", "l"))}


def looks_like_another(name):
    """Whether somebody has a username that `name` could be taken for. Reads all of them, which
    takes a tenth of a second where there are ten thousand people: for sign-ups only."""
    wanted = skeletons(name)
    names = Person.objects.values_list("username", flat=True)
    return any(wanted & skeletons(each) for each in names.iterator())


def _fold(name):
    folded = unicodedata.normalize("NFKD", name).casefold()
    letters = "".join(each for each in folded if unicodedata.category(each)[0] in "LN")
    letters = letters.translate(_FOLD)
    for pair, letter in _PAIRS:
        letters = letters.replace(pair, letter)
    return letters
