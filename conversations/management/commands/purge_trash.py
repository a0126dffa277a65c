"""`manage.py purge_trash`: erasure of conversations whose time in the trash is over."""

from django.core.management.base import BaseCommand

from conversations.conversation_list import trash


class Command(BaseCommand):
    """Erases the conversations that are due and prints their number; with `--scrub` it also removes
    erased text from the files of the database."""

    help = (
        "Delete for good what was in the trash for 30 days; the server itself does so once an "
        "hour. With --scrub what was deleted also leaves the database's files."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--scrub", action="store_true", help="Rewrite the files; for a quiet hour."
        )

    def handle(self, *, scrub, **options):
        count = trash.purge()
        if scrub:
            trash.scrub()
        self.stdout.write(f"{count:,} conversations were deleted.")
