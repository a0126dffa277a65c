"""`manage.py import_conversations USERNAME FILE`: import conversations from a file on the server,
which may be larger than an upload."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from conversations.models import Person
from conversations.transfer.bringing_in import MEGABYTE, bring_in
from conversations.transfer.report import Unreadable


class Command(BaseCommand):
    """Command `import_conversations`: imports the conversations in FILE (this site's JSON or zip,
    or ChatGPT's export) for the account USERNAME and prints a report of what was imported and what
    was not. Raises CommandError for an unknown account and for a file that cannot be read or is
    larger than `--most` megabytes when unpacked."""

    help = "Bring conversations from FILE (our JSON or zip, or ChatGPT's export) in as USERNAME's."

    def add_arguments(self, parser):
        parser.add_argument("username", metavar="USERNAME")
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument(
            "--most", type=int, default=2_000, metavar="MB", help="Unpacked; 2000 by default."
        )

    def handle(self, *, username, file, most, **options):
        person = Person.objects.filter(username=username).first()
        if person is None:
            raise CommandError(f"There is no account {username}.")
        try:
            with open(file, "rb") as content:
                report = bring_in(person, content, most_bytes=most * MEGABYTE)
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from error
        except Unreadable as fault:
            raise CommandError(fault.sentence) from fault
        for line in report.lines():
            self.stdout.write(line)
