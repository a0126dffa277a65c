"""`manage.py reconcile_usage FILE`: compare a gateway's bill (CSV) with the tokens and cost of the
stored Responses."""

import csv
from decimal import Decimal

from django.core.management.base import BaseCommand, CommandError

from conversations.management.arguments import percentage, time_zone
from conversations.usage import reconciliation


class Command(BaseCommand):
    """Command `reconcile_usage`: prints each day and model for which number of calls, tokens or
    cost in FILE differ from the stored Responses by more than `--tolerance` per cent. Raises
    CommandError (exit status 1) if any differ, and for a file that cannot be read."""

    help = "Compare a gateway's bill with the ledger, by day and model; exit 1 where they differ."

    def add_arguments(self, parser):
        parser.add_argument("file", help="the bill as CSV, with a line of headings")
        parser.add_argument("--day", default="day", help="heading of the dates")
        parser.add_argument("--day-format", default="%Y-%m-%d", help="how they are written")
        parser.add_argument("--model", default="model", help="heading of the models' names")
        for measure in reconciliation.COMPARED:
            parser.add_argument(
                f"--{measure.replace('_', '-')}",
                help=f"heading of the {measure}; unless given "
                f"{measure!r} is compared where it is there",
            )
        parser.add_argument("--tz", type=time_zone, default="UTC", help="the zone of its days")
        parser.add_argument(
            "--tolerance", type=percentage, default=Decimal(1), help="in per cent of the ledger"
        )

    def handle(self, *, file, day, day_format, model, tz, tolerance, **options):
        try:
            with open(file, newline="", encoding="utf-8-sig") as lines:
                headings = lines.readline()
                lines.seek(0)
                columns = {"day": day, "model": model, **self._measures(headings, options)}
                bill = reconciliation.read_bill(lines, columns, day_format)
        except (OSError, UnicodeDecodeError, csv.Error, reconciliation.BadBill) as error:
            raise CommandError(f"{file}: {error}") from error
        measures = [name for name in reconciliation.COMPARED if name in columns]
        found = list(reconciliation.compare(bill, measures, zone=tz, tolerance=tolerance / 100))
        for difference in found:
            self.stdout.write(str(difference))
        if found:
            raise CommandError(f"{len(found)} differences above {tolerance} %")
        self.stdout.write(f"{', '.join(measures)} agree on {len(bill)} days and models")

    def _measures(self, headings, options):
        """Return the columns of the bill to compare, as `{measure: heading}`: those named by
        options, and those whose heading is the measure's name. `headings` is the first line of the
        CSV file, `options` maps each measure to the heading given, or None. Raise BadBill if there
        are none."""
        there = {heading.strip().strip('"') for heading in headings.split(",")}
        columns = {
            name: options[name] or name
            for name in reconciliation.COMPARED
            if options[name] or name in there
        }
        if not columns:
            raise reconciliation.BadBill(
                "none of its columns is known; name one, like --cost HEADING"
            )
        return columns
