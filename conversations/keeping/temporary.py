"""Policies of temporary conversations: whether a person may, or must, have temporary ones."""

from conversations.database.statements import rows
from conversations.models import TemporaryPolicy

Policy = TemporaryPolicy.Policy

_POLICIES = "SELECT group_id, policy FROM conversations_temporarypolicy"
_GROUPS = "SELECT group_id FROM conversations_person_groups WHERE person_id = %s"


class NotTemporary(Exception):
    """Raised if a conversation that is not temporary would be made or continued, although all
    conversations of the person have to be temporary."""


class Temporary(Exception):
    """Raised if a temporary conversation would be made or continued, although the person may have
    none."""


def policy_of(person):
    """Return the TemporaryPolicy.Policy that applies to `person` (a Person).

    A policy of one of the person's groups comes before that for everyone; without any, temporary
    conversations may be chosen. Where the person's groups differ, FORBIDDEN comes first, since it
    deletes nothing, then ENFORCED. A site without policies is asked by one short query.
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
    """Return whether a new conversation of `person` is temporary, where `wanted` is what they
    chose.

    Raises Temporary if they chose a temporary one and may have none.
    """
    policy = policy_of(person)
    if policy == Policy.FORBIDDEN and wanted:
        raise Temporary
    return wanted or policy == Policy.ENFORCED


def check_writing(person, conversation):
    """Raise Temporary or NotTemporary if the policy of today forbids `person` to go on with the
    stored `conversation`, whichever way: a message, an edit, another reply."""
    policy = policy_of(person)
    if policy == Policy.FORBIDDEN and conversation.temporary:
        raise Temporary
    if policy == Policy.ENFORCED and not conversation.temporary:
        raise NotTemporary
