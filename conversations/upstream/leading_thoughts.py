"""Splitter of an answer that begins with reasoning between tags such as `<think>` and `</think>`.

Such text comes where nothing between model and site knows the model's tags. The chat templates of
some models end the prompt with `<think>`, so that the answer has the closing tag alone.
"""

import re
from dataclasses import dataclass

# Opening and closing tags: of Qwen, DeepSeek and most others; of Claude by prompt; of Gemma, Seed
# and Magistral.
TAGS = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "<seed:think>": "</seed:think>",
    "[THINK]": "[/THINK]",
}
# The one closing tag that is understood without its opening one.
LONELY = "</think>"
# At most so many closing tags are examined: each costs a search of the whole text before it.
MOST_LONELY = 8
# Characters after a lonely tag that decide whether it ends the thoughts: two line ends, as CRLF.
LOOKAHEAD = 4

LONGEST_TAG = max(map(len, TAGS))

_fence = re.compile(r"^ {0,3}(?:```|~~~)", re.MULTILINE)
_SENTENCE_ENDS = tuple(".!?。！？…")


@dataclass(frozen=True, slots=True)
class Split:
    """Result of splitting a text: its `thoughts` (reasoning) and its `answer`.

    Characters at the end that may yet become a tag are in neither. `settled` is True if all further
    text belongs to the answer.
    """

    thoughts: str
    answer: str
    settled: bool = False


def split_thoughts(text: str, *, last: bool = True, complete: bool = True) -> Split:
    """Split `text`, an answer from its beginning, into reasoning and answer, and return a Split.

    An opening tag counts only at the beginning, after white space. A closing tag without an opening
    one counts outside of code, on a line of its own, after the end of a sentence or before a blank
    line. `last` says that no more text will come; `complete` that the model was not cut off, so
    that an opening tag followed by a space and never closed is taken as words of the answer.
    """
    thoughts: list[str] = []
    rest = text
    while opening := _opening_tag(rest):
        inner = rest.lstrip()[len(opening) :]
        closing = TAGS[opening]
        end = _find_closing(inner, closing)
        if end < 0:
            if last and complete and not thoughts and inner[:1] == " ":
                return Split("", text, settled=True)
            held = 0 if last else _held_back(inner, closing)
            thoughts.append(inner[: len(inner) - held].lstrip())
            return Split(_joined(thoughts), "")
        thoughts.append(inner[:end].lstrip())
        rest = inner[end + len(closing) :]
    if not last and _may_become_an_opening_tag(rest):
        return Split(_joined(thoughts), "")
    if rest is not text:
        return Split(_joined(thoughts), rest.lstrip(), settled=True)
    return _split_at_lonely_tag(text, last)


class LeadingThoughts:
    """Incremental `split_thoughts` of one answer, given in pieces: the result does not depend on
    where they were cut."""

    def __init__(self) -> None:
        """Create a splitter for the text of one answer, from its beginning."""
        self._text: list[str] = []
        self._split = Split("", "")
        # All of the text so far is the answer, and nothing of it is held back.
        self._is_plain = False

    def passes(self, text: str) -> bool:
        """Take `text`, the next piece, and return True if all of it is answer; else return False.

        This is the fast path: after False nothing has been taken, and the piece must be given to
        `add`.
        """
        if self._split.settled:
            return True
        if self._is_plain and ("<" not in text or _has_no_lonely_tag(text)):
            self._text.append(text)
            return True
        return False

    def add(
        self, text: str, *, last: bool = False, complete: bool = False
    ) -> tuple[str, str, bool]:
        """Add `text`, the next piece; return (thoughts, answer, replaced). The two strings are to
        be appended to those of earlier calls or, if `replaced` is True, replace all of them: what
        was given as answer turned out to be reasoning.

        `last` says that no more text will come; `complete` that the model was not cut off, so that
        an opening tag that is never closed may be words of the answer.
        """
        if self.passes(text):
            return "", text, False
        self._text.append(text)
        whole = "".join(self._text)
        given = Split("", whole[: len(whole) - len(text)]) if self._is_plain else self._split
        found = split_thoughts(whole, last=last, complete=complete)
        self._split = found
        self._text = [] if found.settled else [whole]
        self._is_plain = found.answer == whole
        if found.thoughts.startswith(given.thoughts) and found.answer.startswith(given.answer):
            thoughts = found.thoughts[len(given.thoughts) :]
            return thoughts, found.answer[len(given.answer) :], False
        return found.thoughts, found.answer, True


def _opening_tag(text: str) -> str:
    start = text.lstrip()[:LONGEST_TAG].casefold()
    return next((tag for tag in TAGS if start.startswith(tag.casefold())), "")


def _may_become_an_opening_tag(text: str) -> bool:
    start = text.lstrip()[:LONGEST_TAG].casefold()
    return any(tag.casefold().startswith(start) for tag in TAGS)


def _find_closing(text: str, closing: str) -> int:
    """Return the index of the tag `closing` in `text`, skipping tags right after a backtick; -1 if
    there is none."""
    end = text.find(closing)
    while end > 0 and text[end - 1] == "`":
        end = text.find(closing, end + 1)
    return end


def _has_no_lonely_tag(text: str) -> bool:
    return LONELY not in text and not LONELY.startswith(text[text.rfind("<") :])


def _split_at_lonely_tag(text: str, last: bool) -> Split:
    end = -1
    for _ in range(MOST_LONELY):
        place = text.find(LONELY, end + 1)
        if place < 0:
            held = 0 if last else _held_back(text, LONELY)
            return Split("", text[: len(text) - held])
        end = place + len(LONELY)
        if not last and len(text) - end < LOOKAHEAD:
            return Split("", text[:place])
        if "<think>" in text[:place]:
            break
        if _ends_thoughts(text[:place], text[end : end + LOOKAHEAD]):
            rest = text[end:].lstrip()
            return Split(text[:place].lstrip(), rest, settled=bool(rest))
    return Split("", text, settled=True)


def _ends_thoughts(before: str, after: str) -> bool:
    line = before[before.rfind("\n") + 1 :]
    if line.count("`") % 2 or (line.startswith("    ") and not line.strip()):
        return False
    if not (
        not line.strip()
        or line.endswith(_SENTENCE_ENDS)
        or after.replace("\r", "").startswith("\n\n")
    ):
        return False
    return len(_fence.findall(before)) % 2 == 0


def _held_back(text: str, tag: str) -> int:
    """Return how many characters at the end of `text` may be the beginning of `tag`."""
    return next((size for size in range(len(tag) - 1, 0, -1) if text.endswith(tag[:size])), 0)


def _joined(thoughts: list[str]) -> str:
    return "\n\n".join(filter(None, thoughts))
