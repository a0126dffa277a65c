"""What a person typed into the search box -> what is looked for. Pure.

All words must be in one message. Words in quotation marks, and those that hang together
("foo.bar", a run of Chinese), are a phrase; the last word, where it is not quoted, may go on.
Nothing typed is an operator, so nothing typed is an error.
"""

import re
from dataclasses import dataclass

from conversations.search.terms import (
    LONGEST,
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
    """Neighbouring runs of a query; the last one `may_go_on` (`elep` finds `elephant`)."""

    runs: tuple
    may_go_on: bool = False

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


def parse(typed):
    """The Phrases of what was `typed`; an empty list where it has no letter and no digit."""
    phrases = []
    # Every second piece stands in quotation marks; the last pair may be left open.
    for number, piece in enumerate(_QUOTES.split(prepare(typed[:LENGTH]))):
        quoted = number % 2 == 1
        for words in [piece] if quoted else piece.split():
            found = tuple(runs(fold(words)))
            if found:
                phrases.append(Phrase(found, may_go_on=not quoted))
    phrases = phrases[:MOST_PHRASES]
    return [
        phrase if phrase is phrases[-1] else Phrase(phrase.runs, may_go_on=False)
        for phrase in phrases
    ]
