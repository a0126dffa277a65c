"""Usernames of people with single sign-on: the one that the identity provider gives, with a suffix
if it is taken."""

import re
import unicodedata

from conversations.accounts.look_alikes import looks_like_another
from conversations.models import Person

LONGEST = 140  # characters, so that a suffix still fits into the field
_REFUSED = re.compile(r"[^\w.@+-]+")  # what Django's UnicodeUsernameValidator refuses


def username_for(claims, person=None):
    """Return a free username for `claims` (Claims): `preferred_username`, else the e-mail address
    before "@", else the name; with `-2`, `-3` … after it if another account has that username or
    one that looks like it. `person` is the account that the username is for (None: a new one); its
    present username counts as free. Raise RuntimeError if even 9,999 such names are taken."""
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
    """Return `name` as a valid username: normalized to NFKC, with "-" in place of characters that
    are not allowed, at most LONGEST characters; "person" if nothing is left."""
    name = _REFUSED.sub("-", unicodedata.normalize("NFKC", name)).strip("-.")
    return name[:LONGEST] or "person"
