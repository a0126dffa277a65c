"""`manage.py rebuild_search`: a new search index from all messages and titles."""

import sys

from django.core.management.base import BaseCommand

from conversations.search.index import rebuild


class Command(BaseCommand):
    """Rebuilds the search index while the site runs; on a terminal it shows the progress."""

    help = "Make the search index anew, from all messages and titles; the site goes on meanwhile."

    def handle(self, **options):
        count = rebuild(self._report if sys.stderr.isatty() else lambda done, total: None)
        self.stdout.write(f"{count:,} messages and titles are in the index.")

    def _report(self, done, total):
        self.stderr.write(f"\r{done:,} of {total:,}", ending="\n" if done == total else "")
