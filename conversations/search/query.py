"""What a person typed into the search box -> what is looked for. Pure.

All words must be in one message. Words in quotation marks, and those that hang together
("foo.bar", a run of Chinese), are a phrase; the last word, where it is not quoted, may go on.
A word with symbols (`C++`, `.NET`) and an operator (`->`) are looked for with them; a symbol that
may only part words (`-`, `&`) counts where nothing else is typed. Nothing typed is an operator of
the search, so nothing typed is an error.
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
    """Neighbouring runs of a query, or one word with symbols (`is_symbol`); the last run
    `may_go_on` (`elep` finds `elephant`)."""

    runs: tuple
    may_go_on: bool = False
    is_symbol: bool = False

    @property
    def terms(self):
        """The words to look for, next to one another."""
        *before, last = self.runs
        found = []
        for run in before:
            found += [*pairs(run), run[-1]] if is_unspaced(run) else [run[:LONGEST]]
        if is_unspaced(last):
            return found + (pairs(last) or [last])
        return [*found, last[:LONGEST]]

    @property
    def is_prefix(self):
        """Whether the last of `terms` is only the beginning of a word. One letter is a word."""
        last = self.runs[-1]
        if is_unspaced(last):
            return len(last) == 1
        return self.may_go_on and len(last) > 1

    def matches(self, word):
        """Whether a phrase that is a symbol finds `word`, a Symbol's in a text."""
        wanted = self.terms[0]
        return word[:LONGEST] == wanted or (self.is_prefix and word.startswith(wanted))


def parse(typed):
    """The Phrases of what was `typed`; an empty list where nothing in it can be looked for."""
    phrases, decorations = [], []
    # Every second piece stands in quotation marks; the last pair may be left open.
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
    """`(phrases, decorations)`: what `words` say, and symbols that may only be there for looks."""
    symbols = [symbol for symbol in find_symbols(words) if symbol.whole and symbol.stands]
    found, rest = [], words
    for symbol in symbols:
        if not symbol.is_decoration:
            found.append(Phrase((symbol.word,), may_go_on, is_symbol=True))
            rest = rest[: symbol.start] + " " * (symbol.end - symbol.start) + rest[symbol.end :]
    # `C++` says all that `c` would; of `a->b` the letters are looked for too.
    if runs(fold(rest)):
        found.append(Phrase(tuple(runs(fold(words))), may_go_on))
    decorations = [symbol.word for symbol in symbols if symbol.is_decoration]
    return found, [Phrase((word,), may_go_on, is_symbol=True) for word in decorations]
