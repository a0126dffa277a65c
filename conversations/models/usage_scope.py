"""Database model of usage scopes: whose usage a person with the permission `view_usage` may see."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.utils.translation import gettext_lazy as _


class UsageScope(models.Model):
    """Usage scope: `viewer`, who also needs the permission `view_usage`, sees only the usage of
    members of `groups`. A viewer without a row sees everyone's."""

    viewer = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="usage_scope",
        verbose_name=_("viewer"),
    )
    groups = models.ManyToManyField(Group, verbose_name=_("groups"), related_name="+")

    class Meta:
        verbose_name = _("limit of viewing usage")
        verbose_name_plural = _("limits of viewing usage")

    def __str__(self):
        return str(self.viewer)
