"""`manage.py createsuperuser`: Django's command, which here also records in the access log that
somebody became an administrator."""

from django.contrib.auth.management.commands import createsuperuser

from conversations.models import Person, ReviewAccess
from conversations.review.record_access import record_change


class Command(createsuperuser.Command):
    """Command `createsuperuser`: creates the account of an administrator, then the row of the
    access log about it; no row for the first administrator of a site, whom nobody could have
    appointed."""

    def handle(self, *args, **options):
        """Run the command; the arguments are those of Django's BaseCommand.handle."""
        before = set(_administrators())
        super().handle(*args, **options)
        if before:
            for person_id in set(_administrators()) - before:
                record_change(
                    ReviewAccess.Action.CHANGED_PERMISSION,
                    owner_id=person_id,
                    detail={"change": "added", "permission": "is_superuser"},
                )


def _administrators():
    """Return a queryset of the ids of all superusers."""
    return Person.objects.filter(is_superuser=True).values_list("pk", flat=True)
