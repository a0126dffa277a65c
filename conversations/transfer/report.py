"""What came of a file that was brought in, in words."""

from collections import Counter
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


class Unreadable(Exception):
    """The file is nothing that can be brought in. `code` says why: "format", "size", "zip"."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code

    @property
    def sentence(self):
        """Why, and what could be brought in, in the reader's language."""
        return _unreadable_sentences()[self.code]


@dataclass
class Report:
    """What came of a file: how many conversations were `found`, `conversations` and `messages` that
    came in, how many were `known` here already or `empty`, what was `left_out` by kind, the titles
    or file names of what is `broken`, and the last `fault` of the file, an Unreadable."""

    found: int = 0
    conversations: int = 0
    messages: int = 0
    known: int = 0
    empty: int = 0
    left_out: Counter = field(default_factory=Counter)
    broken: list = field(default_factory=list)
    fault: Unreadable | None = None

    def lines(self):
        """What came in and what did not, a sentence each."""
        lines = [
            ngettext(
                "%(count)d conversation came in.",
                "%(count)d conversations came in.",
                self.conversations,
            )
            % {"count": self.conversations},
            ngettext("%(count)d message came in.", "%(count)d messages came in.", self.messages)
            % {"count": self.messages},
        ]
        counted = [
            (
                self.known,
                ngettext(
                    "%(count)d conversation was here already and was left as it is.",
                    "%(count)d conversations were here already and were left as they are.",
                    self.known,
                ),
            ),
            (
                self.empty,
                ngettext(
                    "%(count)d conversation without any text was left out.",
                    "%(count)d conversations without any text were left out.",
                    self.empty,
                ),
            ),
        ]
        for kind, count in self.left_out.items():
            counted.append((count, _left_out_sentence(kind, count)))
        lines += [sentence % {"count": count} for count, sentence in counted if count]
        lines += [_("“%(title)s” could not be read.") % {"title": title} for title in self.broken]
        if self.fault and self.fault.code == "size":
            lines.append(self.fault.sentence)
        return lines


def _unreadable_sentences():
    return {
        "format": _(
            "There is no conversation in this file. It has to be a JSON file or a zip that was "
            "exported here, or ChatGPT's export: its zip, or conversations.json from it."
        ),
        "zip": _("This zip cannot be unpacked: it is damaged, or protected by a password."),
        "size": _(
            "There is more in this file than can be brought in at once. Ask your administrator "
            "to bring it in with manage.py import_conversations."
        ),
    }


def _left_out_sentence(kind, count):
    return {
        "tool": ngettext(
            "%(count)d message to or from a tool was left out.",
            "%(count)d messages to or from tools were left out.",
            count,
        ),
        "thought": ngettext(
            "%(count)d message that is not text (a thought, code, a result) was left out.",
            "%(count)d messages that are not text (thoughts, code, results) were left out.",
            count,
        ),
        "attachment": ngettext(
            "%(count)d image or file was left out; the text around it came in.",
            "%(count)d images or files were left out; the text around them came in.",
            count,
        ),
        "long": ngettext(
            "%(count)d message was longer than this site keeps and was cut.",
            "%(count)d messages were longer than this site keeps and were cut.",
            count,
        ),
        "many": ngettext(
            "%(count)d message beyond what a conversation may have was left out.",
            "%(count)d messages beyond what a conversation may have were left out.",
            count,
        ),
    }[kind]
