"""Tokenizer of the full-text search: splits texts and queries into words, for both databases. Pure.

Letters and digits make words. Chinese, Japanese and Korean, and other scripts that write no
spaces, are cut into overlapping pairs and the last character, `你好吗` -> `你好 好吗 吗`: several
characters are then found as a phrase of pairs, and a single one as the beginning of a pair.
(SQLite's trigram tokenizer misses words of two characters; PostgreSQL's parser has no Chinese.)
Words with symbols (`C++`) and emojis follow after those words, once each: see `symbols`.

The search index on SQLite stores no text: it removes a message only by exactly these words. A
change of what `terms` returns therefore needs a migration that rebuilds the search index.
"""

import re
import unicodedata
from bisect import bisect_right
from itertools import accumulate, islice
from operator import add

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
_UNSPACED_CHARACTER = re.compile(f"[{_UNSPACED}]")
_UNSPACED_RUN = re.compile(f"[{_UNSPACED}]+")
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
FEW = 1 / 16  # of the characters of a text
_ASCII_OR_NOT = re.compile("[\x00-\x7f]+|[^\x00-\x7f]+")
_HALF_WIDTH = re.compile("[\uff66-\uff9f]+")


class _Folds(dict):
    """Cache for `str.translate`: code point -> folded letters or digits, a space, or ""."""

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
    """Cache for `str.translate`: code point -> folded letters or digits, a space, or ""; symbols
    are kept (`symbols.folded_symbol`)."""

    def __missing__(self, code):
        character = unicodedata.normalize("NFKC", chr(code))
        symbol = symbols.folded_symbol(character if len(character) == 1 else chr(code))
        self[code] = folded = _FOLDS[code] if symbol is None else symbol
        return folded


_FOLDS = _Folds()
_SYMBOL_FOLDS = _SymbolFolds()
_SYMBOL_PATTERNS = symbols.patterns(_UNSPACED)


def prepare(text):
    """Return `text` in Unicode's composed form (NFC) and with full-width kana. `fold`, `offsets`,
    `find_symbols`, `words` and `symbol_words` take this prepared text."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFC", text)
    return _HALF_WIDTH.sub(lambda kana: unicodedata.normalize("NFKC", kana[0]), text)


def fold(prepared):
    """Return a text from `prepare` without case and accents, with spaces in place of all but
    letters and digits.

    Each character is folded by itself, so that `offsets` can map a match back to `prepared`.
    """
    others = len(prepared) - len(prepared.encode("ascii", "ignore"))
    if others > len(prepared) * FEW:
        return prepared.translate(_FOLDS)
    # A text of ASCII is translated thirty times as fast as one with a single other character.
    return "".join(run.translate(_FOLDS) for run in _ASCII_OR_NOT.findall(prepared))


def offsets(prepared):
    """Return `(fold(prepared), origin)`, where `origin(offset)` turns an offset in the folded text
    into that of the same character in `prepared`."""
    return _aligned(prepared, _FOLDS)


def find_symbols(prepared):
    """Yield the Symbols (words with symbols, operators, emojis) in a text from `prepare`; their
    `start` and `end` are offsets in it."""
    folded, origin = _aligned(prepared, _SYMBOL_FOLDS)
    for symbol in symbols.find(folded, _SYMBOL_PATTERNS):
        start, end = origin(symbol.start), max(origin(symbol.end), origin(symbol.end - 1) + 1)
        yield symbol._replace(start=start, end=end)


def _aligned(prepared, folds):
    """Return `(folded, origin)`: a prepared text folded by the table `folds`, and a function from
    an offset in it to the offset in `prepared`."""
    folded = prepared.translate(folds)
    if all(len(folds[ord(character)]) == 1 for character in set(prepared)):
        return folded, int
    ends = list(accumulate(len(folds[ord(character)]) for character in prepared))
    return folded, lambda at: bisect_right(ends, at)


def is_unspaced(run):
    """Return True if `run`, one of those that `runs` returns, is of a script without spaces."""
    return _UNSPACED_CHARACTER.match(run) is not None


def unspaced_in(text):
    """Return a list of the characters in `text` that belong to scripts without spaces."""
    return _UNSPACED_CHARACTER.findall(text)


def runs(folded):
    """Return the runs of a text from `fold`, in order: a run is a word, or a sequence of characters
    of scripts that write no spaces, such as Chinese."""
    return _RUN.findall(folded)


def terms(text):
    """Return the words by which the full-text index finds `text`, as a list in the order of the
    text, repeats kept: its words of letters and digits in lower case without accents, then one for
    each word with symbols, such as "c++", and for each emoji."""
    prepared = prepare(text)
    return [*words(prepared), *symbol_words(prepared)]


def words(prepared):
    """Return the words of letters and digits in a text from `prepare`, folded and in order, at most
    LONGEST characters of each; scripts without spaces as overlapping pairs and the last
    character."""
    folded = fold(prepared)
    if folded.isascii():
        return [word[:LONGEST] for word in folded.split()]
    found = []
    for word in folded.split():
        if word.isascii():
            found.append(word[:LONGEST])
            continue
        for run in runs(word):
            if is_unspaced(run):
                found += pairs(run)
                found.append(run[-1])
            else:
                found.append(run[:LONGEST])
    return found


def symbol_words(prepared):
    """Return the words in a text from `prepare` that have symbols (`c++`, `->`, emojis), folded,
    each once, at most `symbols.MOST` of them."""
    # Words of ASCII letters and digits have none. The others, each once, are a small part of most
    # texts. (Of other scripts' numbers and letters some are pictures too, such as `❶`.)
    candidates = [
        word for word in dict.fromkeys(prepared.split()) if not (word.isascii() and word.isalnum())
    ]
    folded = _UNSPACED_RUN.sub(" ", " ".join(candidates)).translate(_SYMBOL_FOLDS)
    found = symbols.find(folded, _SYMBOL_PATTERNS)
    return list(islice(dict.fromkeys(symbol.word[:LONGEST] for symbol in found), symbols.MOST))


def pairs(run):
    """Return the overlapping pairs of characters in the text `run`: ["你好", "好吗"] for "你好吗",
    an empty list for a single character. Used to index scripts without spaces."""
    return list(map(add, run, run[1:]))
