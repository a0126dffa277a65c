"""Usernames of people who come by single sign-on: as in the directory, with a suffix if taken."""

import re
import unicodedata

from conversations.accounts.look_alikes import looks_like_another
from conversations.models import Person

LONGEST = 140  # characters, so that a suffix still fits into the field
_REFUSED = re.compile(r"[^\w.@+-]+")  # what Django's UnicodeUsernameValidator refuses


def username_for(claims, person=None):
    """Return the username for the Claims `claims`: the one the directory gives or, if it is another
    account's or looks like it, the same with `-2`, `-3` … `person` is the account that will have
    it, None for a new one; its present name is kept if it is still the first that is free."""
    wanted = _cleaned(
        claims.text("preferred_username")
        or claims.text("email").partition("@")[0]
        or claims.text("name")
        or "person"
    )
    mine = person.pk if person else None
    for number in range(1, 10_000):
        name = wanted if number == 1 else f"{wanted}-{number}"
        if person and person.username == name:
            return name
        taken = Person.objects.filter(username__iexact=name).exclude(pk=mine).exists()
        if not taken and not looks_like_another(name, apart_from=mine):
            return name
    raise RuntimeError(f"no username is free for {wanted!r}")


def _cleaned(name):
    """Return `name` as a valid username: normalized, with "-" for what it may not hold."""
    name = _REFUSED.sub("-", unicodedata.normalize("NFKC", name)).strip("-.")
    return name[:LONGEST] or "person"
