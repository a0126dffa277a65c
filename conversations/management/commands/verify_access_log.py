from django.core.management.base import BaseCommand, CommandError

from conversations.models import ReviewAccess


class Command(BaseCommand):
    help = "Checks the access log: names each row that was edited, removed, reordered or added."

    def handle(self, **options):
        faults = 0
        for number, what in ReviewAccess.verify():
            faults += 1
            self.stdout.write(f"Row {number} was {what}.")
        if faults:
            raise CommandError(f"The access log is not as it was written: {faults} rows.")
        last = ReviewAccess.objects.order_by("-number").first()
        if last is None:
            self.stdout.write("The access log is empty.")
        else:
            self.stdout.write(f"The access log is whole: {last.number} rows, the last {last.hash}.")
