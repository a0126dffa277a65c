"""Group membership of people with single sign-on: updated at each login from the groups that the
identity provider sends, which the table DirectoryGroup maps to groups of this site."""

import logging

from django.conf import settings

from conversations.accounts.roles import set_administrator
from conversations.accounts.session_revocation import keeping_session_of
from conversations.models import DirectoryGroup
from conversations.review.record_access import acting

logger = logging.getLogger("conversations.single_sign_on")


def follow(request, person, claims):
    """Update the groups of `person` (a Person), and whether they are an administrator, by the table
    DirectoryGroup. Of the groups in the table they then have those whose value is among the values
    of the claim OIDC_GROUPS_CLAIM in `claims` (Claims), and no others; likewise the rights of an
    administrator, if a row of the table gives them. Call it within a transaction. Each change is a
    row of the access log.

    Groups that are not in the table stay, and so does the last administrator. If the claim is
    missing, nothing changes and a warning is logged. Raise SignInRefused if the provider left the
    claim out because it is too long.
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
