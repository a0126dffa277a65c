"""Revocation of access: which people with an open event stream may no longer watch it. Their
streams are ended by `open_streams.Streams.check_access`."""

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from conversations.models import Person


def no_longer_allowed(viewers):
    """Return those of `viewers`, a set of `(session key, person id)`, who must not watch any
    longer.

    Their session ended, their account is inactive or gone, or their password was changed since the
    session began: the next request would be refused.
    """
    keys = {key for key, _person in viewers}
    alive = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    sessions = {session.session_key: session.get_decoded() for session in alive}
    people = Person.objects.filter(is_active=True).in_bulk({person for _key, person in viewers})
    return {
        (key, person)
        for key, person in viewers
        if not _is_valid(sessions.get(key), people.get(person))
    }


def _is_valid(session, person):
    """Return True if `session` (its decoded data, or None) still logs `person` in, by the same rule
    as `django.contrib.auth.get_user`."""
    if session is None or person is None or session.get(SESSION_KEY) != str(person.pk):
        return False
    valid = [person.get_session_auth_hash(), *person.get_session_auth_fallback_hash()]
    given = session.get(HASH_SESSION_KEY, "")
    return any(constant_time_compare(given, hash) for hash in valid)
