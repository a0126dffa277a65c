"""`manage.py rebuild_search`: build the full-text search index anew from all messages, their files
and titles."""

import sys

from django.core.management.base import BaseCommand

from conversations.search.index import rebuild


class Command(BaseCommand):
    """Command `rebuild_search`: builds the full-text search index anew while the site runs, and
    prints the number of messages and titles in it; on a terminal it also shows the progress."""

    help = "Make the search index anew from all messages, files and titles; the site may be in use."

    def handle(self, **options):
        count = rebuild(self._report if sys.stderr.isatty() else lambda done, total: None)
        self.stdout.write(f"{count:,} messages and titles are in the index.")

    def _report(self, done, total):
        """Print the progress to standard error: `done` of `total` messages and titles (numbers)."""
        self.stderr.write(f"\r{done:,} of {total:,}", ending="\n" if done == total else "")
