"""Whether those who watch may still watch."""

from django.contrib.sessions.models import Session
from django.utils import timezone

from conversations.models import Person


def no_longer_allowed(viewers):
    """Of `(session key, person id)` pairs those whose session ended or account is inactive."""
    keys = {key for key, _person in viewers}
    sessions = set(
        Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now()).values_list(
            "session_key", flat=True
        )
    )
    people = {person for _key, person in viewers}
    active = set(Person.objects.filter(pk__in=people, is_active=True).values_list("pk", flat=True))
    return {(key, person) for key, person in viewers if key not in sessions or person not in active}
