"""`manage.py erase_person NAME --yes`: delete a person with all their conversations and data, and
print a receipt."""

import json
import time

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from conversations import replies
from conversations.keeping import erasure as erasures
from conversations.models import Person

PAUSE = 0.02  # seconds between two pieces: about half of the time is left to the site


class Command(BaseCommand):
    """Command `erase_person`: deletes conversations, files, feedback, drafts, sessions and log-in
    data of the account NAME; the ledger and the access log keep their figures under a pseudonym.
    Prints the receipt as JSON. Raises CommandError (exit status 1) for an unknown name, for
    somebody under a legal hold, for the only administrator, without `--yes`, and if the list of
    erasures (ERASURES_FILE) cannot be written."""

    help = (
        "Delete all that the person NAME has here, for good, while the site runs; print a receipt, "
        "which verify_erasure checks later. Refused under a legal hold."
    )

    def add_arguments(self, parser):
        parser.add_argument("name", metavar="NAME")
        parser.add_argument("--yes", action="store_true", help="Do it; nothing can be restored.")

    def handle(self, *, name, yes, **options):
        person = Person.objects.filter(username=name).first()
        if person is None:
            raise CommandError(f"There is no account {name}.")
        if not yes:
            count = person.conversations.count()
            raise CommandError(
                f"This deletes {count:,} conversations and the account of {name} for good. "
                "Give --yes to do it."
            )
        try:
            erasure = erasures.order(person)
            replies.stop_all_of(person.pk)
            while erasures.piece(erasure):
                time.sleep(PAUSE)
        except erasures.UnderHold as error:
            raise CommandError(
                f"{name}, or a conversation of theirs, is under a legal hold, which has to be "
                "released first. Nothing more was deleted."
            ) from error
        except erasures.LastAdministrator as error:
            raise CommandError(
                f"{name} is the only administrator. Make somebody else one first: "
                "manage.py createsuperuser."
            ) from error
        except OSError as error:
            raise CommandError(
                f"{error.filename or settings.ERASURES_FILE} cannot be written: {error.strerror}. "
                f"{name} cannot log in any more, but is not erased yet: mend this, then run it "
                "again."
            ) from error
        self.stdout.write(json.dumps(erasure.receipt(), indent=2))
