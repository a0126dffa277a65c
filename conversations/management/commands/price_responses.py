"""`manage.py price_responses`: costs for Responses that had no price."""

from datetime import date

from django.core.management.base import BaseCommand

from conversations.usage.missing_costs import fill_costs


class Command(BaseCommand):
    """Computes the cost of Responses without one from `--since` on, by the prices of their time,
    and prints how many were priced and which models still have no price."""

    help = "Fill the missing costs of Responses, after a price was added; no other cost changes."

    def add_arguments(self, parser):
        parser.add_argument(
            "--since", type=date.fromisoformat, required=True, help="of Responses from this date on"
        )

    def handle(self, *, since, **options):
        priced, unpriced = fill_costs(since)
        self.stdout.write(f"priced {priced} calls")
        for model, count in sorted(unpriced.items()):
            self.stdout.write(f"still unpriced: {model} ({count} calls)")
