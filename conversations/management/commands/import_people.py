"""`manage.py import_people FILE.csv`: create and update accounts from a CSV file."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from conversations.accounts.import_people import import_people
from conversations.accounts.people_file import FileFaults, read_rows


class Command(BaseCommand):
    """Command `import_people`: reads accounts from a CSV file and prints which would be created or
    changed; with `--yes` it does that. Raises CommandError (exit status 1), and changes nothing, if
    the file cannot be read or one of its lines cannot be used."""

    help = (
        "Makes and updates accounts from a CSV file with the columns username, name, email, groups "
        "(separated by a semicolon) and role (administrator, reviewer, sees_usage). Without --yes "
        "it only reports what it would do."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="the CSV file, in UTF-8")
        parser.add_argument("--yes", action="store_true", help="do it")
        parser.add_argument("--dry-run", action="store_true", help="only report, as without --yes")

    def handle(self, file, yes, dry_run, **options):
        if yes and dry_run:
            raise CommandError("Give --yes or --dry-run, not both.")
        try:
            content = file.read_bytes()
        except OSError as error:
            raise CommandError(f"Cannot read {file}: {error.strerror}.") from error
        try:
            report = import_people(read_rows(content), dry_run=not yes)
        except FileFaults as error:
            lines = "\n".join(f"  {fault}" for fault in error.faults)
            raise CommandError(f"Nothing was changed. Mend these first:\n{lines}") from error
        for title, names in (
            ("made", report.made),
            ("changed", report.changed),
            ("unchanged", report.unchanged),
        ):
            for name in names:
                self.stdout.write(f"{title}: {name}")
        self.stdout.write(
            f"{len(report.made)} made, {len(report.changed)} changed, "
            f"{len(report.unchanged)} unchanged."
        )
        if not yes:
            self.stdout.write("Nothing was changed: run it again with --yes to do this.")
