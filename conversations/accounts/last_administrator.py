"""The last administrator of a site, whom nothing may demote."""

from conversations.models import Person


def is_last_administrator(person):
    """Return True if `person` is a superuser and no other active superuser exists.

    Locks the rows of all superusers until the transaction ends, which must be open: of two who
    demote each other at the same time, one waits and is then refused.
    """
    superusers = Person.objects.select_for_update().filter(is_superuser=True, is_active=True)
    ids = set(superusers.order_by("pk").values_list("pk", flat=True))
    return bool(person.is_superuser) and not ids - {person.pk}
