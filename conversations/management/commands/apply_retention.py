"""`manage.py apply_retention`: delete the conversations that the retention rules say, temporary
ones whose time is over, and those whose days in the trash are over."""

import time

from django.core.management.base import BaseCommand

from conversations.jobs.runner import LEFT_TO_OTHERS
from conversations.keeping import sweep
from conversations.review.record_access import record_change


class Command(BaseCommand):
    """Command `apply_retention`: deletes all conversations that are due, prints their numbers, and
    records the run in the access log. With `--dry-run` it only prints what would be deleted."""

    help = (
        "Delete what the retention rules say, temporary conversations and what was long enough in "
        "the trash, as the site itself does each night; with --dry-run only count it."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--dry-run", action="store_true", help="Count what is due, and delete nothing."
        )

    def handle(self, *, dry_run, **options):
        if dry_run:
            self._print(sweep.counts(), "would be deleted")
            return
        run = sweep.Sweep()
        while (due := run.next()) is not None:
            began = time.monotonic()
            run.remove(*due)
            time.sleep(LEFT_TO_OTHERS * (time.monotonic() - began))
        run.record(record_change)
        self._print(run.counts, "deleted")

    def _print(self, counts, said):
        """Print a line for each kind in `counts`, a dict of numbers of conversations by kind (of
        sweep.Sweep: retention rules, temporary, trash …); `said` is its verb, such as "deleted"."""
        total = sum(counts[kind] for kind in _NAMES)
        self.stdout.write(f"{total:,} conversations {said}:")
        for kind, name in _NAMES.items():
            self.stdout.write(f"  {counts[kind]:,} {name}")
        self.stdout.write(f"{counts[sweep.FILES]:,} files of conversations that stay {said}.")
        if counts["held"]:
            self.stdout.write(
                f"{counts['held']:,} of them are under a legal hold: hidden from their owners, "
                "and kept."
            )


_NAMES = {
    sweep.RULES: "by the retention rules",
    sweep.TEMPORARY: "that were temporary",
    sweep.TRASH: "from the trash",
    sweep.RELEASED: "whose legal hold was released",
}
