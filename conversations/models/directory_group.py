"""Database model of the table that maps values of a claim to groups of this site; by it the
organisation's identity provider manages groups."""

from django.contrib.auth.models import Group
from django.db import models
from django.utils.translation import gettext_lazy as _


class DirectoryGroup(models.Model):
    """Rule of single sign-on: people for whom the identity provider sends `value` in the claim
    OIDC_GROUPS_CLAIM are members of `group`, or are administrators. Exactly one of `group` and
    `administrator` is set.

    A group with such a rule is managed by the identity provider: people join and leave it when they
    log in, never by hand. Several values may lead to one group.
    """

    value = models.CharField(
        _("value in the directory"),
        max_length=300,
        unique=True,
        help_text=_("As the provider sends it: a name like chat-reviewers, a path, or an id."),
    )
    group = models.ForeignKey(
        Group,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="directory_rows",
        verbose_name=_("group here"),
    )
    administrator = models.BooleanField(
        _("administrator"),
        default=False,
        help_text=_("Instead of a group: whoever has the value is an administrator."),
    )

    class Meta:
        verbose_name = _("group of the directory")
        verbose_name_plural = _("groups of the directory")
        ordering = ["value"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(group=None, administrator=True)
                | models.Q(group__isnull=False, administrator=False),
                name="directory_group_or_administrator",
                violation_error_message=_("Choose either a group or “administrator”."),
            )
        ]

    def __str__(self):
        return self.value

    @classmethod
    def managed(cls):
        """Return a queryset of the Groups whose members the identity provider decides on."""
        return Group.objects.filter(directory_rows__isnull=False).distinct()
