"""`manage.py purge_trash`: delete for good the conversations whose days in the trash are over."""

from django.core.management.base import BaseCommand

from conversations.conversation_list import trash


class Command(BaseCommand):
    """Command `purge_trash`: deletes for good the conversations that have been in the trash for 30
    days and prints their number. With `--scrub` it also rewrites the database's files, so that
    deleted text is no longer in them."""

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
