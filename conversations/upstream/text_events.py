"""Conversion of streamed text and reasoning into events, without reference marks and tags."""

from .events import Reasoning, Replaced, Text
from .leading_thoughts import LeadingThoughts
from .reference_marks import ReferenceMarks

PARAGRAPH = "\n\n"


class TextEvents:
    """Converter of streamed text and reasoning into Text, Reasoning and (rarely) Replaced events.

    Reference marks are removed from both. Thoughts between tags at the beginning of the text become
    reasoning; they follow the reasoning that the API marks as such, whichever came first.
    """

    def __init__(self) -> None:
        """Begin a new response."""
        self._text_marks = ReferenceMarks()
        self._reasoning_marks = ReferenceMarks()
        self._leading = LeadingThoughts()
        # What was given so far.
        self._answer: list[str] = []
        self._reasoning: list[str] = []
        self._thoughts: list[str] = []

    def text(self, text: str) -> list[Text | Reasoning | Replaced]:
        """Return the events for `text`, the next piece of an answer.

        A fast path for pieces without reasoning beside them; for others see `take`.
        """
        if self._text_marks.passes(text) and self._leading.passes(text):
            self._answer.append(text)
            return [Text(text)]
        return self.take(text, "")

    def take(
        self,
        text: str,
        reasoning: str,
        *,
        was_reset: bool = False,
        last: bool = False,
        complete: bool = False,
    ) -> list[Text | Reasoning | Replaced]:
        """Return the events for `text` and `reasoning`, the next pieces of both; each may be "".

        `was_reset` says that `reasoning` replaces all reasoning so far, `last` that no more will
        come, `complete` that the model ended by itself and was not cut off.
        """
        text = self._text_marks.strip(text, last=last)
        thoughts, text, replaced = self._leading.add(text, last=last, complete=complete)
        if replaced:
            self._answer.clear()
            self._thoughts.clear()
        if was_reset:
            replaced = replaced or bool(self._reasoning)
            self._reasoning.clear()
            self._reasoning_marks = ReferenceMarks()
        reasoning = self._reasoning_marks.strip(reasoning, last=last)
        # New reasoning belongs before thoughts that were given already.
        replaced = replaced or bool(reasoning and self._thoughts)
        if reasoning:
            self._reasoning.append(reasoning)
        parts_them = thoughts and self._reasoning and not self._thoughts
        if thoughts:
            self._thoughts.append(thoughts)
        if text:
            self._answer.append(text)
        if replaced:
            return [self._everything()]
        events: list[Text | Reasoning | Replaced] = []
        if reasoning or thoughts:
            events.append(Reasoning(reasoning + (PARAGRAPH if parts_them else "") + thoughts))
        if text:
            events.append(Text(text))
        return events

    def _everything(self) -> Replaced:
        """Return a Replaced with the whole answer and reasoning so far."""
        reasoning = ("".join(self._reasoning), "".join(self._thoughts))
        return Replaced("".join(self._answer), PARAGRAPH.join(filter(None, reasoning)))
