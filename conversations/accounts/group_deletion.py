"""Deletion of groups: refused for a group to whose members a language model is limited.

A LanguageModel without groups is open to everybody, so deleting its only group would open it. Where
a foreign key refers to a group (review scopes, retention rules …), `on_delete=PROTECT` refuses the
deletion; the many-to-many relation of LanguageModel has nothing like it.
"""

from django.contrib.auth.models import Group
from django.db.models import ProtectedError
from django.db.models.signals import pre_delete

from conversations.models import LanguageModel


def connect():
    """Connect the signal receiver of this module; called once, when the apps are ready."""
    pre_delete.connect(refuse_deletion, sender=Group, dispatch_uid="refuse_group_deletion")


def models_limited_to(groups):
    """Return a list of the LanguageModels that are limited to members of any of `groups` (Groups)
    and perhaps of others."""
    return list(LanguageModel.objects.filter(groups__in=groups).distinct())


def refuse_deletion(instance, **kwargs):
    """Raise ProtectedError if a language model is limited to members of the Group `instance`.
    Receiver of pre_delete."""
    if models := models_limited_to([instance]):
        raise ProtectedError("A language model is limited to members of this group.", set(models))
