"""Protection of the site's last administrator (active superuser): checks to be made before somebody
is demoted, deactivated, deleted or loses their password."""

from conversations.models import Person


def is_last_administrator(person):
    """Return True if `person` is a superuser and no other active superuser exists. Locks the rows
    of all active superusers until the end of the transaction, which must be open."""
    return bool(person.is_superuser) and not _locked_administrators() - {person.pk}


def takes_last_administrator(ids):
    """Return True if `ids`, ids of people, include every active superuser, so that none would be
    left without these people; False also if the site has no active superuser.

    Locks the rows of all active superusers until the transaction ends, which must be open: of two
    who demote each other at the same time, one waits and is then refused.
    """
    administrators = _locked_administrators()
    return bool(administrators) and administrators <= set(ids)


def has_last_password(person):
    """Return True if `person` is the only active superuser who has a password of this site: the one
    way in while the identity provider fails. Locks the rows of all active superusers until the
    transaction ends, which must be open."""
    ids = _locked_administrators()
    if person.pk not in ids or not person.has_usable_password():
        return False
    others = Person.objects.filter(pk__in=ids - {person.pk})
    return not any(each.has_usable_password() for each in others)


def _locked_administrators():
    """Return the set of the ids of all active superusers, with their rows locked until the
    transaction ends, in the order of the ids, so that two transactions cannot deadlock."""
    superusers = Person.objects.select_for_update().filter(is_superuser=True, is_active=True)
    return set(superusers.order_by("pk").values_list("pk", flat=True))
