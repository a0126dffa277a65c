"""`manage.py export_usage`: write tokens and cost of Responses as CSV, to be compared with a
gateway's bill."""

import csv

from django.core.management.base import BaseCommand, CommandError

from conversations.management.arguments import day, time_zone
from conversations.usage import reconciliation
from conversations.usage.csv_export import harmless


class Command(BaseCommand):
    """Command `export_usage`: writes sums of tokens and cost, grouped by the columns of `--by`, or
    with `--rows` one line for each ended Response, with `--charges` one for each of their charges.
    It writes to the file `--output`, else to standard output; raises CommandError for an unknown
    column, and for a file that cannot be written."""

    help = "Write usage from the ledger as CSV, to be compared with a gateway's bill."

    def add_arguments(self, parser):
        parser.add_argument(
            "--by",
            default="day,model",
            help=f"sums cut by these, separated by commas: {', '.join(reconciliation.CUTS)}",
        )
        instead = parser.add_mutually_exclusive_group()
        instead.add_argument(
            "--rows", action="store_true", help="every single Response instead, with its ids"
        )
        instead.add_argument(
            "--charges", action="store_true", help="every single charge for a tool instead"
        )
        parser.add_argument("--since", type=day, help="first date")
        parser.add_argument("--until", type=day, help="last date")
        parser.add_argument("--tz", type=time_zone, default="UTC", help="the zone of the days")
        parser.add_argument("--output", help="a file; the standard output unless given")

    def handle(self, *, by, rows, charges, since, until, tz, output, **options):
        cuts = [cut.strip() for cut in by.split(",") if cut.strip()]
        unknown = [cut for cut in cuts if cut not in reconciliation.CUTS]
        if unknown or not cuts:
            not_known = ", ".join(unknown) or "nothing"
            raise CommandError(f"--by takes {', '.join(reconciliation.CUTS)}, not {not_known}")
        responses = reconciliation.ended_calls(since, until, tz)
        if charges:
            header, lines = reconciliation.listed_charges(responses)
        elif rows:
            header, lines = reconciliation.listed(responses)
        else:
            header, lines = reconciliation.summed(responses, cuts, tz)
        if output:
            try:
                with open(output, "w", newline="", encoding="utf-8") as file:
                    self._write(file, header, lines)
            except OSError as error:
                raise CommandError(f"{output}: {error.strerror}") from error
        else:
            self._write(self.stdout, header, lines)

    def _write(self, file, header, lines):
        """Write the strings `header` and the rows `lines` (iterables of cells) as CSV to `file` (a
        text file); text that a spreadsheet would take for a formula gets a prefix."""
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for line in lines:
            writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in line])
