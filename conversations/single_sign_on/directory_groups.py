"""Group membership of people with single sign-on: updated at each login from the groups that the
identity provider sends, by the table DirectoryGroup."""

import logging

from django.conf import settings

from conversations.accounts.roles import set_administrator
from conversations.accounts.session_revocation import keeping_session_of
from conversations.models import DirectoryGroup
from conversations.review.record_access import acting

logger = logging.getLogger("conversations.single_sign_on")


def follow(request, person, claims):
    """Update the groups of `person` and whether they are an administrator: give what DirectoryGroup
    has for the values in `claims` (Claims), take away what it has for other values. Call it within
    a transaction. Each change is a row of the access log.

    Groups that are not in the table stay. If the claim OIDC_GROUPS_CLAIM is missing, nothing
    changes and a warning is logged. Raise SignInRefused if the provider left the list out for its
    length.
    """
    values = claims.values(settings.OIDC_GROUPS_CLAIM)
    rows = list(DirectoryGroup.objects.all())
    if not rows:
        return
    if values is None:
        logger.warning(
            "single sign-on: the claim %s is missing or no list; the groups of person %s stay",
            settings.OIDC_GROUPS_CLAIM,
            person.pk,
        )
        return
    managed = {row.group_id for row in rows if row.group_id}
    wanted = {row.group_id for row in rows if row.group_id and row.value in values}
    held = set(person.groups.filter(pk__in=managed).values_list("pk", flat=True))
    with acting(request, by="directory"), keeping_session_of(request):
        person.groups.add(*(wanted - held))
        person.groups.remove(*(held - wanted))
        if any(row.administrator for row in rows):
            wanted = any(row.administrator and row.value in values for row in rows)
            if not set_administrator(person, wanted):
                logger.warning("single sign-on: person %s stays the last administrator", person.pk)
