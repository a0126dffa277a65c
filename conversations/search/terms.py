"""Text -> the words it is found by. Pure, and the same for both databases and for queries.

Letters and digits make words. Chinese, Japanese and Korean, and other scripts that write no
spaces, are cut into overlapping pairs and the last character, `你好吗` -> `你好 好吗 吗`: a run
of characters is then found as a phrase of its pairs, and a single one as the beginning of a pair.
(SQLite's trigram tokenizer misses words of two characters; PostgreSQL's parser has no Chinese.)

The index of SQLite holds no text, so that a message is taken out of it by these very words.
A change of what `terms` returns therefore needs a migration that makes the index anew.
"""

import re
import unicodedata
from bisect import bisect_right
from itertools import accumulate

# A longer word is found by its beginning; PostgreSQL takes no lexeme of 2 kB.
LONGEST = 64  # characters

# Scripts without spaces: Thai, Lao, Burmese, Hangul (which has some), Khmer, kana, bopomofo, Han.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3031-\u3035"
    "\u3041-\u3096\u3099-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u3131-\u318e"
    "\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff"
    "\uf900-\ufaff\U00016fe0-\U00018d8f\U0001aff0-\U0001b16f\U00020000-\U0003ffff"
)
_RUN = re.compile(f"[{_UNSPACED}]+|[^ {_UNSPACED}]+")
_UNSPACED_START = re.compile(f"[{_UNSPACED}]")
# A character of a word in a folded text: beside `art`, that it is not found in `party`.
WITHIN_WORD = f"[^ {_UNSPACED}]"
# Marks over Latin, Greek and Cyrillic letters. Others (Devanagari's vowels, kana's voicing) make
# another letter and stay.
_ACCENTS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+")
_HALF_WIDTH = re.compile("[\uff66-\uff9f]+")


# Seen or not, they separate nothing: soft hyphens, zero-width joiners.
_INVISIBLE = set("\u00ad\u200b\u200c\u200d\u2060\ufeff")


class _Folds(dict):
    """Character -> what it counts as: folded letters and digits, a space, or nothing."""

    def __missing__(self, code):
        if chr(code) in _INVISIBLE:
            folded = ""
        else:
            folded = unicodedata.normalize("NFKD", chr(code))
            folded = unicodedata.normalize("NFKC", _ACCENTS.sub("", folded).casefold())
            folded = "".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in folded)
        self[code] = folded
        return folded


_FOLDS = _Folds()


def prepare(text):
    """`text` composed (NFC) and with half-width kana made full: what `fold` goes through."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFC", text)
    return _HALF_WIDTH.sub(lambda kana: unicodedata.normalize("NFKC", kana[0]), text)


def fold(prepared):
    """A prepared text without case and accents; all but letters and digits is spaces.

    Character by character, so that what is found in it can be shown in the prepared text.
    """
    return prepared.translate(_FOLDS)


def offsets(prepared):
    """`fold(prepared)`, and a function from a place in it to the place in `prepared`."""
    folded = fold(prepared)
    if prepared.isascii() or all(len(_FOLDS[ord(character)]) == 1 for character in set(prepared)):
        return folded, int
    ends = list(accumulate(len(_FOLDS[ord(character)]) for character in prepared))
    return folded, lambda at: bisect_right(ends, at)


def is_unspaced(run):
    """Whether a run of `runs` is of a script that writes no spaces."""
    return _UNSPACED_START.match(run) is not None


def runs(folded):
    """The words, and the runs of characters without spaces, of a folded text, in order."""
    return _RUN.findall(folded)


def terms(text):
    """The words that `text` is found by, in order."""
    found = []
    for run in runs(fold(prepare(text))):
        if is_unspaced(run):
            found += pairs(run)
            found.append(run[-1])
        else:
            found.append(run[:LONGEST])
    return found


def pairs(run):
    """The overlapping pairs of a run of characters."""
    return [run[at : at + 2] for at in range(len(run) - 1)]
