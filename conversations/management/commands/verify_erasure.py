"""`manage.py verify_erasure FILE`: check the receipt of an erasure against the access log."""

import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from conversations.models import Conversation, Person, ReviewAccess
from conversations.models.erasure import FORMAT, receipt_hash


class Command(BaseCommand):
    """Command `verify_erasure`: checks that the receipt in FILE is the one that was written when
    the person was erased, and that the person is still gone. Raises CommandError (exit status 1)
    where anything differs."""

    help = (
        "Check the receipt of an erasure, as erase_person prints it: that it was not changed, that "
        "the access log has it, and that nothing of the person is here."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", metavar="FILE", type=Path)

    def handle(self, *, file, **options):
        receipt = self._read(file)
        said = {name: value for name, value in receipt.items() if name != "hash"}
        if receipt_hash(said) != receipt.get("hash"):
            raise CommandError("The receipt was changed: its hash is not that of what it says.")
        row = self._row(receipt)
        if row is None:
            raise CommandError("The access log has no erasure with this receipt.")
        if row.computed_hash() != row.hash:
            raise CommandError(f"Row {row.number} of the access log was edited.")
        person_id = receipt.get("person")
        if Person.objects.filter(pk=person_id).exists():
            raise CommandError(f"There is an account with the number {person_id} again.")
        if Conversation.objects.filter(owner_id=person_id).exists():
            raise CommandError(f"There are conversations of number {person_id} again.")
        self.stdout.write(
            f"The receipt is the one of row {row.number} of the access log, of "
            f"{receipt.get('finished_at')}; nothing of the person is here."
        )

    def _read(self, file):
        """Return the receipt in `file` (a Path), JSON, as a dict. Raise CommandError if the file
        cannot be read or has none."""
        try:
            receipt = json.loads(file.read_text())
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        except ValueError as error:
            raise CommandError(f"{file} is no receipt: it is not JSON.") from error
        if not isinstance(receipt, dict) or receipt.get("format") != FORMAT:
            raise CommandError(f"{file} is no receipt of an erasure.")
        return receipt

    def _row(self, receipt):
        """Return the row of the access log (a ReviewAccess) that has the hash of `receipt`, a dict,
        for the erasure of that person; None if there is none."""
        rows = ReviewAccess.objects.filter(
            action=ReviewAccess.Action.ERASED, owner_id=receipt.get("person")
        )
        return next((row for row in rows if row.detail.get("receipt") == receipt.get("hash")), None)
