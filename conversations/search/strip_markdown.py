"""Removal of Markdown syntax from a text, for excerpts of messages in search results. Pure."""

import re

# The first group matches at the beginning of a line. The others are Markdown syntax; the text
# between two of them may have more. The lookahead rejects most characters at once.
_MARK = re.compile(
    r"(^ *)?(?=[\\`~!\[<*_|#>=+-])(?:"
    r"(\\)[!-/:-@\[-`{-~]"
    # Code stands as it is, without its fences and ticks.
    r"|(?P<fence>(?:`{3,}+|~{3,}+)(?(1)|(?!))[^`\n]*+$)[\s\S]*?(^ *+(?:`{3,}+|~{3,}+) *+$|\Z)"
    r"|(?<!`)(?P<ticks>`++)[^\n]{1,300}?(?<!`)((?P=ticks))(?!`)"
    # Links and images, with an address or the name of one; addresses in angle brackets.
    r"|(!?\[)(?:[^\[\]\n]|\[[^\[\]\n]*\]){1,300}"
    r"(\](?:\((?:[^()\n]|\([^()\n]*\))*\)|\[[^\[\]\n]*\]))"
    r"|(<)(?:https?:|mailto:)[^\s<>]+(>)"
    # Rules, the lines under headings and below the head of a table, and what begins a line.
    r"|(?(1)((?:(?:[-*_] *){3,}|=+ *|[|:]*--[-:| ]*)$"
    r"|(?:#{1,6}|>+|[-*+])(?: \[[ xX]\])? +|\|)|(?!))"
    r"|(\|) *$"
    # Emphasis: stars also within a word, underscores only around whole ones.
    r"|(?P<stars>\*{1,3}|~~)(?=[^\s*])[^\n]{1,300}?(?<=[^\s*])((?P=stars))(?!\*)"
    r"|(?P<lines>(?<!\w)_{1,3})(?=[^\s_])[^\n]{1,300}?(?<=[^\s_])((?P=lines))(?!\w)"
    r")",
    re.MULTILINE,
)
_WORD = re.compile(r"\w")


def strip_markdown(text, spans):
    """Return `(text without Markdown syntax, spans moved to their offsets in it)`.

    `spans` are search matches in `text`, `(start, end)` in order. Syntax that is part of a match
    stays, such as the address of a link that was searched for, or an operator.
    """
    drops = []
    operators = [span for span in spans if not _WORD.search(text, *span)]
    for marks in _marks(text, 0, len(text)):
        if not any(
            _meets(mark, operators) or (_WORD.search(text, *mark) and _meets(mark, spans))
            for mark in marks
        ):
            drops += marks
    drops.sort()

    def moved(place):
        return place - sum(min(end, place) - start for start, end in drops if start < place)

    kept, at = [], 0
    for start, end in drops:
        kept.append(text[at:start])
        at = end
    kept.append(text[at:])
    return "".join(kept), [(moved(start), moved(end)) for start, end in spans]


def _marks(text, start, end):
    """Yield, for each piece of Markdown in `text` between `start` and `end`, the `(start, end)` of
    its syntax as a list: of `**bold**` both pairs of stars."""
    for match in _MARK.finditer(text, start, end):
        marks = [span for span in match.regs[2:] if span[0] < span[1]]
        yield marks
        if len(marks) == 2 and not (match["fence"] or match["ticks"]):
            yield from _marks(text, marks[0][1], marks[1][0])


def _meets(mark, spans):
    """Return True if `mark` overlaps one of `spans`; all are `(start, end)` offsets."""
    return any(start < mark[1] and mark[0] < end for start, end in spans)
