"""Where a text has what was looked for, as a short piece of it with the matches marked. Pure."""

import re

from conversations.search.terms import (
    REST_OF_WORD,
    WORD_END,
    WORD_START,
    is_unspaced,
    offsets,
    prepare,
)

BEFORE = 50  # characters shown before the first match
LENGTH = 220  # characters shown in all

_SPACE = re.compile(r"\s+")
# Marks of Markdown, which say nothing here.
_MARKS = re.compile(r"\*\*|`+|^ *(?:#{1,6}|>+|[-*+]) +", re.MULTILINE)


def snippet(text, phrases, length=LENGTH):
    """A piece of `text` around the first match, as a list of `(piece, whether it matches)`.

    In one line; an ellipsis where something was left out. Where nothing is found it is the
    beginning of the text.
    """
    prepared = _MARKS.sub("", prepare(text))
    spans = find(prepared, phrases, most=50)
    first = spans[0][0] if spans else 0
    start = _word_start(prepared, max(0, first - BEFORE), first)
    end = min(len(prepared), start + length)
    pieces, at = [("…", False)] if start else [], start
    for begin, stop in spans:
        if begin >= end:
            break
        pieces += [(prepared[at:begin], False), (prepared[begin : min(stop, end)], True)]
        at = min(stop, end)
    pieces.append((prepared[at:end], False))
    if end < len(prepared):
        pieces.append(("…", False))
    return [(_SPACE.sub(" ", piece), marked) for piece, marked in pieces if piece]


def find(prepared, phrases, most=None):
    """Where `phrases` stand in a prepared text: `(start, end)` pairs in order, at most `most`."""
    if not phrases:
        return []
    folded, origin = offsets(prepared)
    spans = []
    for match in re.finditer("|".join(map(_pattern, phrases)), folded):
        begin, end = match.span()
        if begin == end:
            continue
        spans.append((origin(begin), origin(end - 1) + 1))
        if len(spans) == most:
            break
    return spans


def _pattern(phrase):
    """A regular expression that finds `phrase` in a folded text."""
    parts = []
    for run in phrase.runs:
        part = re.escape(run)
        if not is_unspaced(run):
            part = WORD_START + part
            going_on = phrase.may_go_on and run is phrase.runs[-1]
            part += REST_OF_WORD if going_on else WORD_END
        parts.append(part)
    return "(?:" + " *".join(parts) + ")"


def _word_start(text, start, first):
    """A little further than `start`, where a word begins, if that is before `first`."""
    if start == 0:
        return 0
    space = _SPACE.search(text, start, first)
    return space.end() if space else start
