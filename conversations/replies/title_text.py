"""Title text: extracts the title of a conversation from what the model answered."""

import re

from conversations.models.conversation import TITLE_LENGTH
from conversations.upstream import split_thoughts

# Quotation marks and Markdown that stand around a whole title; longer marks before shorter ones.
PAIRS = (
    *(("***", "***"), ("**", "**"), ("__", "__"), ("*", "*"), ("_", "_"), ("`", "`")),
    *(('"', '"'), ("'", "'"), ("“", "”"), ("‘", "’"), ("„", "“"), ("”", "”")),
    *(("«", "»"), ("»", "«"), ("「", "」"), ("『", "』"), ("《", "》")),
)
# Characters of a line that are looked at: marks around a title are looked for again and again.
LONGEST_LINE = 1_000
# Words that end in a full stop of their own.
ABBREVIATIONS = {"bros", "co", "corp", "dr", "etc", "inc", "jr", "ltd", "mr", "mrs", "sr", "st"}

_NAMES = "title|titel|titre|título|标题|タイトル"
_label = re.compile(rf"(\*\*|__|)(?:{_NAMES})\s*+(?:[:：]\s*+\1|\1\s*+[:：])\s*+", re.IGNORECASE)
_mark = re.compile(r"(?:#{1,6}|[>*+-])\s+")
_stop = re.compile(r"[.。]\Z")
_last_word = re.compile(r"\S+\Z")
_NOTHING = " \t\"'`*_#=~>.-。" + "".join({mark for pair in PAIRS for mark in pair})


def clean(text):
    """Return the title in `text`, which a model wrote; at most 80 characters, "" if there is none.

    It is the first line with words in it, without reasoning before it, a label such as "Title:", a
    heading's mark, one final full stop, and quotation marks or emphasis around all of it.
    Everything else is the model's own: "Learning C#", ".NET on Linux".
    """
    answer = split_thoughts(text, complete=False).answer
    line = next((line for line in answer.splitlines() if line.strip(_NOTHING)), "")
    line = _without_marks(" ".join(line.strip()[:LONGEST_LINE].split()))
    while (bare := _unwrapped(_without_label(line))) != line:
        line = bare
    line = _without_stop(line)
    return line if len(line) <= TITLE_LENGTH else line[: TITLE_LENGTH - 1].rstrip() + "…"


def _without_label(line):
    """Return `line` without a label such as "Title:" at its beginning."""
    label = _label.match(line)
    return line[label.end() :] if label else line


def _without_marks(line):
    """Return `line` without the mark of a Markdown heading, quotation or list item."""
    mark = _mark.match(line)
    if mark is None:
        return line
    line = line[mark.end() :]
    return re.sub(r" #{1,6}\Z", "", line) if mark[0][0] == "#" else line


def _unwrapped(line):
    """Return `line` without a pair of quotation marks or emphasis marks around all of it, and
    without a full stop behind the pair; unchanged if there is no pair."""
    body = _stop.sub("", line)
    for opening, closing in PAIRS:
        for whole in (line, body):
            inner = whole[len(opening) : -len(closing)]
            if whole == f"{opening}{inner}{closing}" and not _has_marks(inner, opening, closing):
                return inner.strip()
    return line


def _has_marks(inner, opening, closing):
    """Return True if `inner`, the text between the marks `opening` and `closing`, is empty or has
    one of these marks itself, so that the two are no pair around it."""
    if not inner.strip():
        return True
    if opening == "'":
        # An apostrophe is no quotation mark.
        return re.search(r"(?<!\w)'|'(?!\w)", inner) is not None
    return opening in inner or closing in inner


def _without_stop(line):
    """Return `line` without its final full stop, unless that belongs to an abbreviation."""
    body = _stop.sub("", line)
    if body == line or not body[-1:].isalnum():
        return line
    word = _last_word.search(body)[0].lower()
    return line if "." in word or word in ABBREVIATIONS else body
