"""`manage.py verify_access_log`: check that the access log of reviews was not changed."""

import sys
from contextlib import nullcontext

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from conversations.database import triggers
from conversations.models import AccessLogHead, ReviewAccess
from conversations.review.access_log_heads import contradicted, heads_in, read_head


class Command(BaseCommand):
    """Command `verify_access_log`: prints each row of the access log that was changed, each missing
    database trigger, and each head (`NUMBER:HASH` of what was the last row, given by `--since` or
    `--heads`) that contradicts the log. Raises CommandError (exit status 1) if it finds anything.
    With `--head` it only prints the present head."""

    help = (
        "Checks the access log: names each row that was edited, removed, reordered or added, each "
        "trigger of the database that is gone, and each head written elsewhere that the log no "
        "longer has. Exits with 1 where there is anything."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--head",
            action="store_true",
            help="Only print the present head, NUMBER:HASH, to be kept elsewhere.",
        )
        parser.add_argument(
            "--since",
            action="append",
            default=[],
            metavar="HEAD",
            help="A head that was kept elsewhere: NUMBER:HASH as --head prints it. Repeatable.",
        )
        parser.add_argument(
            "--heads",
            metavar="FILE",
            help="A file with such heads, one a line, or a log of the server; - reads the input.",
        )

    def handle(self, *, head, since, heads, **options):
        if head:
            self.stdout.write(str(AccessLogHead.current()))
            return
        kept = self._kept(since, heads)
        found = {
            "row": [
                f"Row {number} was {what}."
                for verified in (ReviewAccess.verify(), ReviewAccess.verify_words())
                for number, what in verified
            ],
            "trigger": [
                f"The trigger {name} is missing, disabled or changed."
                for each in (triggers.ACCESS_LOG, triggers.WORDS, triggers.HOLD)
                for name in triggers.missing(connection, each)
            ],
            "head": list(self._contradictions(kept)),
        }
        for sentences in found.values():
            for sentence in sentences:
                self.stdout.write(sentence)
        if any(found.values()):
            counts = [
                f"{len(sentences)} {what}{'' if what != 'row' and len(sentences) == 1 else 's'}"
                for what, sentences in found.items()
                if sentences
            ]
            raise CommandError(f"The access log is not as it was written: {', '.join(counts)}.")
        last = ReviewAccess.objects.order_by("-number").first()
        if last is None:
            self.stdout.write("The access log is empty.")
        else:
            self.stdout.write(f"The access log is whole: {last.number} rows, the last {last.hash}.")
        if kept:
            self.stdout.write(f"It has all of the heads that were kept elsewhere: {len(kept)}.")

    def _kept(self, since, file):
        """Return the heads of the access log that were kept elsewhere, as a list of `(number,
        hash)`: those in `since` (a list of texts `NUMBER:HASH`) and those in the lines of the file
        called `file` ("-": standard input; None: no file). Raise CommandError for a text in `since`
        that is no head, and for a file that contains none or cannot be read."""
        try:
            kept = [read_head(text) for text in since]
        except ValueError as error:
            raise CommandError(
                f"“{error}” is no head: give NUMBER:HASH, as --head prints it."
            ) from error
        if file is not None:
            try:
                with (
                    nullcontext(sys.stdin) if file == "-" else open(file, errors="replace") as lines
                ):
                    in_file = list(heads_in(lines))
            except OSError as error:
                raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
            if not in_file:
                raise CommandError(f"There is no head in {file}.")
            kept += in_file
        return kept

    def _contradictions(self, kept):
        """Yield a sentence for each head in `kept` (list of `(number, hash)`) that the access log
        contradicts."""
        for number, what in contradicted(kept):
            if what == "missing":
                yield f"Row {number} was there when its head was kept elsewhere, and is not now."
            else:
                yield f"Row {number} has another hash than when its head was kept elsewhere."
