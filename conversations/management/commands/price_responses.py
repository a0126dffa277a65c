"""`manage.py price_responses --since DATE`: compute the missing costs of Responses after a price
was added."""

from django.core.management.base import BaseCommand

from conversations.management.arguments import day
from conversations.usage.missing_costs import fill_costs
from conversations.usage.prices import NO_PRICE


class Command(BaseCommand):
    """Command `price_responses`: gives each ended Response (request to the gateway) that has no
    cost, made on or after the date `--since`, a cost by the prices valid at its time. Other costs
    stay. Prints how many Responses got a cost, and how many of each model still have none, with
    what has no price: the model, its tier, a kind of tokens or a tool."""

    help = "Fill the missing costs of Responses, after a price was added; no other cost changes."

    def add_arguments(self, parser):
        parser.add_argument(
            "--since", type=day, required=True, help="of Responses from this date on"
        )

    def handle(self, *, since, **options):
        priced, unpriced = fill_costs(since)
        self.stdout.write(f"priced {priced} calls")
        for (model, missing), count in sorted(unpriced.items()):
            which = "" if missing == NO_PRICE else f", no price for: {missing}"
            self.stdout.write(f"still unpriced: {model} ({count} calls){which}")
