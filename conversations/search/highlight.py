"""Passages for search results: the places where a text matches, and a short excerpt in which they
are marked. Pure."""

import re

from conversations.search.strip_markdown import strip_markdown
from conversations.search.terms import WITHIN_WORD, find_symbols, is_unspaced, offsets, prepare

BEFORE = 50  # characters shown before the first match
LENGTH = 220  # characters shown in all

# Stripped of Markdown around the first match; the excerpt is cut from it.
BEHIND, AHEAD = 200, 500  # characters

_SPACE = re.compile(r"\s+")


def snippet(text, phrases, length=LENGTH):
    """Return an excerpt of `text` (Markdown) around the first match of `phrases` (query.Phrase
    objects), as a list of `(piece of text, True if it is a match)`; without a match, its beginning.

    The excerpt has at most `length` characters, in one line and without Markdown syntax; an
    ellipsis is added where text was left out. Used for search results.
    """
    prepared = prepare(text)
    spans = find(prepared, phrases, within=AHEAD)
    first = spans[0][0] if spans else 0
    view, until = max(0, first - BEHIND), first + AHEAD
    shown, spans = strip_markdown(
        prepared[view:until], [(begin - view, min(end, until) - view) for begin, end in spans]
    )
    first = spans[0][0] if spans else 0
    start = _word_start(shown, max(0, first - BEFORE), first)
    end = min(len(shown), start + length)
    pieces, at = [("…", False)] if view or start else [], start
    for begin, stop in spans:
        if begin >= end:
            break
        pieces += [(shown[at:begin], False), (shown[begin : min(stop, end)], True)]
        at = min(stop, end)
    pieces.append((shown[at:end], False))
    if end < len(shown) or until < len(prepared):
        pieces.append(("…", False))
    return [(_SPACE.sub(" ", piece), marked) for piece, marked in pieces if piece]


def find(prepared, phrases, within=None):
    """Return the matches of `phrases` (query.Phrase objects) in a text returned by `terms.prepare`,
    as `(start, end)` offsets in order, without overlaps.

    With `within`, only those that begin less than so many characters after the first match.
    """
    symbols = [phrase for phrase in phrases if phrase.is_symbol]
    words = [phrase for phrase in phrases if not phrase.is_symbol]
    spans = sorted([*_find_words(prepared, words, within), *_find_symbols(prepared, symbols)])
    found = []
    for start, end in spans:
        if within and found and start >= found[0][0] + within:
            break
        if not found or start >= found[-1][1]:
            found.append((start, end))
    return found


def _find_words(prepared, phrases, within):
    """Yield the `(start, end)` of each match of those `phrases` (query.Phrase objects) that consist
    of letters or digits in `prepared`, a text returned by `terms.prepare`. With `within`, only
    matches that begin less than so many characters after the first one."""
    if not phrases:
        return
    folded, origin = offsets(prepared)
    first = None
    for match in re.finditer("|".join(map(_pattern, phrases)), folded):
        begin, end = match.span()
        if begin == end:
            continue
        # With the marks and the invisible characters after its last letter.
        start, end = origin(begin), max(origin(end), origin(end - 1) + 1)
        first = start if first is None else first
        if within and start >= first + within:
            return
        yield start, end


def _find_symbols(prepared, phrases):
    """Yield the `(start, end)` in `prepared`, a text returned by `terms.prepare`, of each match of
    those `phrases` that are words with symbols, such as `C++`."""
    if not phrases:
        return
    for symbol in find_symbols(prepared):
        if any(phrase.matches(symbol.word) for phrase in phrases):
            yield symbol.start, symbol.end


def _pattern(phrase):
    """Return a regular expression (text) that finds `phrase`, a query.Phrase of letters or digits,
    in a text returned by `terms.fold`."""
    parts = []
    for run in phrase.runs:
        part = re.escape(run)
        if not is_unspaced(run):
            # After the word, since a pattern that begins with letters is looked for much faster.
            part += f"(?<!{WITHIN_WORD}{part})"
            going_on = phrase.may_go_on and run is phrase.runs[-1]
            part += f"{WITHIN_WORD}*" if going_on else f"(?!{WITHIN_WORD})"
        parts.append(part)
    return "(?:" + " *".join(parts) + ")"


def _word_start(text, start, first):
    """Return where in `text` an excerpt begins: after the first space between `start` and `first`
    (the offset of the first match), so that no word is cut; `start` if that is 0 or there is no
    space."""
    if start == 0:
        return 0
    space = _SPACE.search(text, start, first)
    return space.end() if space else start
