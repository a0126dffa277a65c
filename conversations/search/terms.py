"""Text -> the words it is found by. Pure, and the same for both databases and for queries.

Letters and digits make words. Chinese, Japanese and Korean, and other scripts that write no
spaces, are cut into overlapping pairs and the last character, `你好吗` -> `你好 好吗 吗`: a run
of characters is then found as a phrase of its pairs, and a single one as the beginning of a pair.
(SQLite's trigram tokenizer misses words of two characters; PostgreSQL's parser has no Chinese.)
Words with symbols (`C++`) and emojis stand behind those words, once each: see `symbols`.

The index of SQLite holds no text, so that a message is taken out of it by these very words.
A change of what `terms` returns therefore needs a migration that makes the index anew.
"""

import re
import unicodedata
from bisect import bisect_right
from dataclasses import replace
from itertools import accumulate, islice

from conversations.search import symbols

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
# Marks that a word is written with or without: over Latin, Greek and Cyrillic letters; the points
# of Hebrew; the vowels of Arabic, its tatweel, and hamza where it sits on another letter; points of
# Syriac, Samaritan and N'Ko. Others (Devanagari's vowels, kana's voicing) make another letter.
_OPTIONAL_MARKS = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed"
    "\u0898-\u089f\u08ca-\u08e1\u08e3-\u08ff"
    "\u0711\u0730-\u074a\u07eb-\u07f3\u07fd\u0816-\u0819\u081b-\u0823\u0825-\u0827\u0829-\u082d]+"
)
# They choose how the character before them is drawn.
_VARIATIONS = re.compile("[\ufe00-\ufe0f\u180b-\u180f\U000e0100-\U000e01ef]")
_HALF_WIDTH = re.compile("[\uff66-\uff9f]+")


class _Folds(dict):
    """Character -> what it counts as: folded letters and digits, a space, or nothing."""

    def __missing__(self, code):
        # Formats, such as soft hyphens, joiners and marks of direction, separate nothing.
        if unicodedata.category(chr(code)) == "Cf" or _VARIATIONS.match(chr(code)):
            folded = ""
        else:
            folded = unicodedata.normalize("NFKD", chr(code))
            folded = unicodedata.normalize("NFKC", _OPTIONAL_MARKS.sub("", folded).casefold())
            folded = "".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in folded)
        self[code] = folded
        return folded


class _SymbolFolds(dict):
    """As _Folds, but symbols stay, as `symbols` writes them."""

    def __missing__(self, code):
        character = unicodedata.normalize("NFKC", chr(code))
        symbol = symbols.folded_symbol(character if len(character) == 1 else chr(code))
        self[code] = folded = _FOLDS[code] if symbol is None else symbol
        return folded


_FOLDS = _Folds()
_SYMBOL_FOLDS = _SymbolFolds()
_SYMBOL_PATTERNS = symbols.patterns(_UNSPACED)


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
    return _aligned(prepared, _FOLDS)


def find_symbols(prepared):
    """The Symbols in a prepared text, with their places in it."""
    folded, origin = _aligned(prepared, _SYMBOL_FOLDS)
    for symbol in symbols.find(folded, _SYMBOL_PATTERNS):
        start, end = origin(symbol.start), max(origin(symbol.end), origin(symbol.end - 1) + 1)
        yield replace(symbol, start=start, end=end)


def _aligned(prepared, folds):
    folded = prepared.translate(folds)
    if all(len(folds[ord(character)]) == 1 for character in set(prepared)):
        return folded, int
    ends = list(accumulate(len(folds[ord(character)]) for character in prepared))
    return folded, lambda at: bisect_right(ends, at)


def is_unspaced(run):
    """Whether a run of `runs` is of a script that writes no spaces."""
    return _UNSPACED_START.match(run) is not None


def runs(folded):
    """The words, and the runs of characters without spaces, of a folded text, in order."""
    return _RUN.findall(folded)


def terms(text):
    """The words that `text` is found by: those of `words`, then those of `symbol_words`."""
    return [*words(text), *symbol_words(text)]


def words(text):
    """The words of letters and digits in `text`, in order."""
    found = []
    for run in runs(fold(prepare(text))):
        if is_unspaced(run):
            found += pairs(run)
            found.append(run[-1])
        else:
            found.append(run[:LONGEST])
    return found


def symbol_words(text):
    """The words in `text` that have symbols, each once, at most `symbols.MOST`."""
    found = symbols.find(prepare(text).translate(_SYMBOL_FOLDS), _SYMBOL_PATTERNS)
    return list(islice(dict.fromkeys(symbol.word[:LONGEST] for symbol in found), symbols.MOST))


def pairs(run):
    """The overlapping pairs of a run of characters."""
    return [run[at : at + 2] for at in range(len(run) - 1)]
