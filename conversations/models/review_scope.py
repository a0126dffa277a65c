"""Database model of review scopes: whose conversations a reviewer may review."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.utils.translation import gettext_lazy as _


class Scope(models.Model):
    """Review scope: `reviewer` may review the conversations of members of `group`.

    Several rows of a reviewer add up; a reviewer without any row may review everyone's. Membership
    is looked up at each reading, so a person who leaves the group is out of scope at once.
    """

    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="scopes",
        verbose_name=_("reviewer"),
    )
    # PROTECT: deleting a group would delete the row, and without rows one may review everyone.
    group = models.ForeignKey(
        Group, on_delete=models.PROTECT, related_name="scopes", verbose_name=_("group")
    )

    class Meta:
        verbose_name = _("review scope")
        verbose_name_plural = _("review scopes")
        constraints = [
            models.UniqueConstraint(fields=["reviewer", "group"], name="one_scope_per_group")
        ]

    def __str__(self):
        return f"{self.reviewer_id}: {self.group_id}"
