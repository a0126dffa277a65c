"""Policies of temporary conversations (which are deleted after a short time): whether a person may
have them, or must."""

from conversations.database.statements import rows
from conversations.models import TemporaryPolicy

Policy = TemporaryPolicy.Policy

_POLICIES = "SELECT group_id, policy FROM conversations_temporarypolicy"
_GROUPS = "SELECT group_id FROM conversations_person_groups WHERE person_id = %s"


class NotTemporary(Exception):
    """Exception: the person may have temporary conversations only, and this one is not
    temporary."""


class Temporary(Exception):
    """Exception: the person may not have temporary conversations, and this one is temporary."""


def policy_of(person):
    """Return the TemporaryPolicy.Policy (ALLOWED, FORBIDDEN or ENFORCED) that applies to `person`
    (a Person).

    A policy for one of the person's groups takes precedence over that for everyone; without any
    policy it is ALLOWED. If those of several groups differ, FORBIDDEN takes precedence, since it
    deletes nothing, then ENFORCED.
    """
    policies = dict(rows(_POLICIES))
    if not policies:
        return Policy.ALLOWED
    groups = [group for (group,) in rows(_GROUPS, person.pk)]
    theirs = {policies[group] for group in groups if group in policies}
    for policy in (Policy.FORBIDDEN, Policy.ENFORCED, Policy.ALLOWED):
        if policy in theirs:
            return policy
    return Policy(policies.get(None, Policy.ALLOWED))


def is_new_temporary(person, wanted):
    """Return True if a new conversation of `person` (a Person) has to be temporary: because they
    want that (`wanted`, a bool) or because their policy is ENFORCED. Raise Temporary if they want
    it and their policy is FORBIDDEN."""
    policy = policy_of(person)
    if policy == Policy.FORBIDDEN and wanted:
        raise Temporary
    return wanted or policy == Policy.ENFORCED


def check_writing(person, conversation):
    """Check whether `person` (a Person) may go on with `conversation`, a stored Conversation, by a
    message, an edit or another reply. Raise Temporary or NotTemporary if their present policy
    forbids that."""
    policy = policy_of(person)
    if policy == Policy.FORBIDDEN and conversation.temporary:
        raise Temporary
    if policy == Policy.ENFORCED and not conversation.temporary:
        raise NotTemporary
