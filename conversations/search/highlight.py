"""Where a text has what was looked for, as a short piece of it with the matches marked. Pure."""

import re

from conversations.search.strip_markdown import strip_markdown
from conversations.search.terms import WITHIN_WORD, find_symbols, is_unspaced, offsets, prepare

BEFORE = 50  # characters shown before the first match
LENGTH = 220  # characters shown in all

# Read around the first match, of which its marks of Markdown are not shown.
BEHIND, AHEAD = 200, 500  # characters

_SPACE = re.compile(r"\s+")


def snippet(text, phrases, length=LENGTH):
    """A piece of `text` around the first match, as a list of `(piece, whether it matches)`.

    In one line and without marks of Markdown; an ellipsis where something was left out. Where
    nothing is found it is the beginning of the text.
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
    """Where `phrases` stand in a prepared text: `(start, end)` pairs in order, none in another;
    only those that begin `within` so many characters of the first one, if that is given."""
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
    if not phrases:
        return
    folded, origin = offsets(prepared)
    first = None
    for match in re.finditer("|".join(map(_pattern, phrases)), folded):
        begin, end = match.span()
        if begin == end:
            continue
        # With the marks and the invisible characters behind its last letter.
        start, end = origin(begin), max(origin(end), origin(end - 1) + 1)
        first = start if first is None else first
        if within and start >= first + within:
            return
        yield start, end


def _find_symbols(prepared, phrases):
    if not phrases:
        return
    for symbol in find_symbols(prepared):
        if any(phrase.matches(symbol.word) for phrase in phrases):
            yield symbol.start, symbol.end


def _pattern(phrase):
    """A regular expression that finds `phrase` in a folded text."""
    parts = []
    for run in phrase.runs:
        part = re.escape(run)
        if not is_unspaced(run):
            # Behind the word, since a pattern that begins with letters is looked for much faster.
            part += f"(?<!{WITHIN_WORD}{part})"
            going_on = phrase.may_go_on and run is phrase.runs[-1]
            part += f"{WITHIN_WORD}*" if going_on else f"(?!{WITHIN_WORD})"
        parts.append(part)
    return "(?:" + " *".join(parts) + ")"


def _word_start(text, start, first):
    """A little further than `start`, where a word begins, if that is before `first`."""
    if start == 0:
        return 0
    space = _SPACE.search(text, start, first)
    return space.end() if space else start
