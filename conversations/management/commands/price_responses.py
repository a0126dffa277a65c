"""Management command `price_responses`: computes the cost of Responses whose price was entered
late."""

from datetime import date

from django.core.management.base import BaseCommand

from conversations.usage.missing_costs import fill_costs


class Command(BaseCommand):
    """Compute and store the cost of each ended Response without one, created from the date
    `--since` on, by the price that was valid then. Print how many got a cost, and the models that
    still have no price."""

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
