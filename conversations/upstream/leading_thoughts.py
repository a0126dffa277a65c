"""Thoughts at the beginning of an answer, between tags such as `<think>` and `</think>`.

Models that think in their text are served so where nothing in between knows their tags. The chat
templates of some end the prompt with `<think>`, so that the answer has the closing tag alone.
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
# So many of them are looked at: each costs a look at the whole text before it.
MOST_LONELY = 8
# Characters after a lonely tag that decide whether it ends the thoughts: two line ends, as CRLF.
LOOKAHEAD = 4

LONGEST_TAG = max(map(len, TAGS))

_fence = re.compile(r"^ {0,3}(?:```|~~~)", re.MULTILINE)
_SENTENCE_ENDS = tuple(".!?。！？…")


@dataclass(frozen=True, slots=True)
class Split:
    """A text as far as it is known which part of it is thoughts and which is the answer.

    What may yet be the beginning of a tag is in neither. `settled` says that all further text
    belongs to the answer.
    """

    thoughts: str
    answer: str
    settled: bool = False


def split_thoughts(text: str, *, last: bool = True, complete: bool = True) -> Split:
    """Split a text at its beginning into thoughts and answer.

    An opening tag counts where nothing but white space stands before it; a closing tag without one
    where it ends what stands before it, in no code: on a line of its own, after the end of a
    sentence or before a blank line. `last` says that no more text will come, `complete` that the
    model came to its end: then an opening tag in a line that goes on, and is never closed, was
    only spoken of.
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
    """The text of one answer, split as it arrives. The result is the same however it is cut."""

    def __init__(self) -> None:
        """Nothing has arrived yet."""
        self._text: list[str] = []
        self._split = Split("", "")
        # All of the text so far is the answer, and nothing of it is held back.
        self._is_plain = False

    def passes(self, text: str) -> bool:
        """Take the next piece if it is nothing but answer; otherwise return False and take nothing.

        The quick way: only where this is False must the piece be given to `add`.
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
        """Take the next piece; return (thoughts, answer, replaced).

        The two are to be appended to what earlier calls returned. Where `replaced` is true they
        stand in the place of all of it: the answer so far turned out to be thoughts.
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
    """Return where `closing` stands in thoughts, -1 where it does not; not where it is quoted."""
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
