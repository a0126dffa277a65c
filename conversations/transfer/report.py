"""Reports of imports: counts of what was imported from a file or left out, and their sentences."""

from collections import Counter
from dataclasses import dataclass, field, fields

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from conversations.files.sentences import refusal
from conversations.rendering.isolated_text import isolated


class Unreadable(Exception):
    """Exception: a file cannot be imported, or not to its end. `code` says why: "format" (no
    conversations), "size" (too large), "zip" (damaged or with a password), "cut" (ends in the
    middle), "gone" (no longer on the server's disk) or "temporary" (the person may have temporary
    conversations only)."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code

    @property
    def sentence(self):
        """Return the reason as text for the person, in the active language, with what to do about
        it."""
        return _unreadable_sentences()[self.code]


# Most questions without an answer, and most titles that could not be read, that a report lists;
# beyond that they are counted.
NAMED = 50


@dataclass
class Report:
    """Report of the import of one file.

    Numbers: conversations `found` in the file, `conversations`, `messages` and `files` imported,
    conversations `known` (here already) and `empty` (without text). `left_out` counts by kind:
    "attachment" (files that the import does not contain), "many_files" (beyond what a message may
    have), "long" (messages cut), "many" (messages beyond the limit). `refused` lists files that
    were not accepted, as `(name, code of the cause)`; `missing` lists questions without an answer
    in the file, as `(title of the conversation, question)`; `broken` lists titles or file names
    that could not be read. These three have at most NAMED entries, and `more_…` counts the rest.
    `fault` is the file's last Unreadable, or None.
    """

    found: int = 0
    conversations: int = 0
    messages: int = 0
    known: int = 0
    empty: int = 0
    files: int = 0
    left_out: Counter = field(default_factory=Counter)
    missing: list = field(default_factory=list)
    more_missing: int = 0
    broken: list = field(default_factory=list)
    more_broken: int = 0
    refused: list = field(default_factory=list)
    more_refused: int = 0
    fault: Unreadable | None = None

    def add_broken(self, name):
        """Add the title of a conversation, or the file name of a zip's member, that could not be
        read; after NAMED names further ones are only counted."""
        if len(self.broken) < NAMED:
            self.broken.append(name[:200] or "?")
        else:
            self.more_broken += 1

    def add_missing(self, title, questions):
        """Add `questions`, a list of texts to which the file has no answer, of the conversation
        with this `title`; after NAMED questions further ones are only counted."""
        room = NAMED - len(self.missing)
        shown = [" ".join(question.split())[:100] for question in questions[:room]]
        self.missing += [(title[:100], question) for question in shown]
        self.more_missing += len(questions) - len(shown)

    def add_refused(self, name, code):
        """Add the file called `name`, which was not accepted; `code` is the code of the reason, for
        which `files.sentences.refusal` has the sentence. After NAMED files further ones are only
        counted."""
        if len(self.refused) < NAMED:
            self.refused.append((name, code))
        else:
            self.more_refused += 1

    def take(self, other):
        """Add to this Report what could not be read according to the Report `other`: its `broken`,
        `more_broken` and `fault`. Its other counts are not added."""
        for name in other.broken:
            self.add_broken(name)
        self.more_broken += other.more_broken
        self.fault = other.fault or self.fault

    def as_json(self):
        """Return the report as a dict that can be stored as JSON, for `from_json`."""
        stored = {each.name: getattr(self, each.name) for each in fields(self)}
        return {**stored, "fault": self.fault and self.fault.code}

    @classmethod
    def from_json(cls, stored):
        """Return the Report that was stored as the JSON object `stored` (of `as_json`); a new,
        empty one for {}."""
        report = cls(**stored)
        report.left_out = Counter(report.left_out)
        report.missing = [tuple(each) for each in report.missing]
        report.refused = [tuple(each) for each in report.refused]
        report.fault = Unreadable(report.fault) if report.fault else None
        return report

    def lines(self):
        """Return a list of sentences, in the active language, that tell the person how much was
        imported and what was left out or could not be read."""
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
                self.files,
                ngettext("%(count)d file came in.", "%(count)d files came in.", self.files),
            ),
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
        for title, question in self.missing:
            names = {"title": isolated(title), "question": isolated(question)}
            lines.append(
                _("“%(title)s”: no answer to “%(question)s” was found in the file.") % names
            )
        lines += [
            _("“%(title)s” could not be read.") % {"title": isolated(title)}
            for title in self.broken
        ]
        lines += [refusal(code, name) for name, code in self.refused]
        beyond = [
            (
                self.more_missing,
                ngettext(
                    "%(count)d more question has no answer in the file.",
                    "%(count)d more questions have no answer in the file.",
                    self.more_missing,
                ),
            ),
            (
                self.more_broken,
                ngettext(
                    "%(count)d more could not be read.",
                    "%(count)d more could not be read.",
                    self.more_broken,
                ),
            ),
            (
                self.more_refused,
                ngettext(
                    "%(count)d more file was not taken.",
                    "%(count)d more files were not taken.",
                    self.more_refused,
                ),
            ),
        ]
        lines += [sentence % {"count": count} for count, sentence in beyond if count]
        if self.fault and self.fault.code in ("size", "cut"):
            lines.append(self.fault.sentence)
        return lines


def _unreadable_sentences():
    """Return `{code of Unreadable: sentence}` in the active language."""
    return {
        "format": _(
            "There is no conversation in this file. It has to be a JSON file or a zip that was "
            "exported here, or ChatGPT's export: its zip, or conversations.json from it."
        ),
        "zip": _("This zip cannot be unpacked: it is damaged, or protected by a password."),
        "cut": _(
            "The file ends in the middle, so it was not saved or sent whole. What stands before "
            "that came in, and stays as it is when the whole file is brought in."
        ),
        "temporary": _(
            "All your conversations have to be temporary here, so none can be brought in to stay."
        ),
        "gone": _(
            "The server does not have the file any more. Bring it in again: what came in already "
            "stays as it is."
        ),
        "size": _(
            "There is more in this file than can be brought in at once. Ask your administrator "
            "to bring it in with manage.py import_conversations."
        ),
    }


def _left_out_sentence(kind, count):
    """Return the sentence for `kind`, a key of Report.left_out, in the active language; `%(count)d`
    is left in it, and `count` only selects singular or plural."""
    return {
        "attachment": ngettext(
            "%(count)d image or file was left out; the text around it came in.",
            "%(count)d images or files were left out; the text around them came in.",
            count,
        ),
        "many_files": ngettext(
            "%(count)d file beyond what a message may have was left out.",
            "%(count)d files beyond what a message may have were left out.",
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
