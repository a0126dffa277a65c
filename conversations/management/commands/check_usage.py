"""`manage.py check_usage`: compare the stored sums of usage with the Responses that they sum up."""

from django.core.management.base import BaseCommand, CommandError

from conversations.management.arguments import day
from conversations.usage.consistency_check import check, check_charges


class Command(BaseCommand):
    """Command `check_usage`: prints each sum of usage that differs from the Responses, from the
    date `--since` on, and each Response that differs from its charges; with `--repair` it also
    corrects the sums. Raises CommandError (exit status 1) if anything differs and was not
    corrected; a Response that differs from its charges never is."""

    help = "Compare every sum of usage with the ledger; exit 1 where they differ."

    def add_arguments(self, parser):
        parser.add_argument("--repair", action="store_true", help="mend what differs")
        parser.add_argument("--since", type=day, help="from this date on")

    def handle(self, *, repair, since, **options):
        count = 0
        for difference in check(since=since, repair=repair):
            self.stdout.write(str(difference))
            count += 1
        unlike = 0
        for difference in check_charges(since):
            self.stdout.write(str(difference))
            unlike += 1
        if unlike:
            raise CommandError(f"{unlike} calls differ from their charges, {count} sums differ")
        if count and not repair:
            raise CommandError(f"{count} differences (--repair mends them)")
        self.stdout.write(f"repaired: {count} differences" if count else "balanced")
