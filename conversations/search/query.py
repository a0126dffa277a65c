"""Parser of search queries: text typed into the search box -> Phrases to search for. Pure.

A message must match all phrases. Words in quotation marks, and words without a space between them
("foo.bar", a sequence of Chinese), are one phrase; the last word, if not quoted, also matches
longer words that begin with it. A word with symbols (`C++`, `.NET`) and an operator (`->`) match
with their symbols; a symbol that may only separate words (`-`, `&`) counts if nothing else was
typed. There is no query syntax besides quotation marks, so no text is an error.
"""

import re
from dataclasses import dataclass, replace

from conversations.search.terms import (
    LONGEST,
    find_symbols,
    fold,
    is_unspaced,
    pairs,
    prepare,
    runs,
)

LENGTH = 400  # characters that are looked at
MOST_PHRASES = 32

_QUOTES = re.compile('["“”„‟«»「」『』]')


@dataclass(frozen=True)
class Phrase:
    """Phrase to search for: `runs` that must follow one another, each a folded word or a sequence
    of characters of a script without spaces; or one word with symbols (`is_symbol`).

    With `may_go_on` the last run also matches words that begin with it (`elep`: `elephant`).
    """

    runs: tuple
    may_go_on: bool = False
    is_symbol: bool = False

    @property
    def terms(self):
        """Return the list of index words (see the module `terms`) that must follow one another in a
        match."""
        *before, last = self.runs
        found = []
        for run in before:
            found += [*pairs(run), run[-1]] if is_unspaced(run) else [run[:LONGEST]]
        if is_unspaced(last):
            return found + (pairs(last) or [last])
        return [*found, last[:LONGEST]]

    @property
    def is_prefix(self):
        """Return True if the last of `terms` matches all index words that begin with it: a word of
        two letters or more that `may_go_on`, or a single character of a script without spaces."""
        last = self.runs[-1]
        if is_unspaced(last):
            return len(last) == 1
        return self.may_go_on and len(last) > 1

    def matches(self, word):
        """Return True if this phrase, which must be `is_symbol`, matches `word`, the word of a
        Symbol that was found in a text."""
        wanted = self.terms[0]
        return word[:LONGEST] == wanted or (self.is_prefix and word.startswith(wanted))


def parse(typed):
    """Return a list of at most MOST_PHRASES Phrases for `typed`, the text in the search box, of
    which the first LENGTH characters count; an empty list if there is nothing to search for."""
    phrases, decorations = [], []
    # Every second piece was in quotation marks; the last one need not be closed.
    for number, piece in enumerate(_QUOTES.split(prepare(typed[:LENGTH]))):
        quoted = number % 2 == 1
        for words in [piece] if quoted else piece.split():
            found, decoration = _phrases(words, may_go_on=not quoted)
            phrases += found
            decorations += decoration
    phrases = list(dict.fromkeys(phrases or decorations))[:MOST_PHRASES]
    return [
        phrase if phrase is phrases[-1] else replace(phrase, may_go_on=False) for phrase in phrases
    ]


def _phrases(words, *, may_go_on):
    """Return `(phrases, decorations)`, two lists of Phrases with the given `may_go_on` for the text
    `words`: those to search for, and symbols such as `-` that count only if the whole query has no
    other phrase."""
    symbols = [symbol for symbol in find_symbols(words) if symbol.whole and symbol.stands]
    found, rest = [], words
    for symbol in symbols:
        if not symbol.is_decoration:
            found.append(Phrase((symbol.word,), may_go_on, is_symbol=True))
            rest = rest[: symbol.start] + " " * (symbol.end - symbol.start) + rest[symbol.end :]
    # For `C++` the letter `c` is not searched for in addition; for `a->b` the letters are.
    if runs(fold(rest)):
        found.append(Phrase(tuple(runs(fold(words))), may_go_on))
    decorations = [symbol.word for symbol in symbols if symbol.is_decoration]
    return found, [Phrase((word,), may_go_on, is_symbol=True) for word in decorations]
