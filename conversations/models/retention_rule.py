"""Database models of retention rules (after how many days conversations and files are deleted) and
of the policy on temporary conversations."""

from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class RetentionRule(models.Model):
    """Retention rule: deletes conversations of members of `group` (null: of everybody to whom no
    rule of a group applies) `days` days after their last message, and their files `file_days` days
    after it; null keeps them.

    To a member of several groups the shortest time applies (`conversations.keeping.retention`). A
    rule with `temporary` is for temporary conversations only, every other rule for all others. A
    legal hold (Hold) stops every rule.
    """

    # PROTECT: without its rule a group would fall under that for everyone, which may be shorter.
    group = models.ForeignKey(
        Group,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="retention_rules",
        verbose_name=_("group"),
        help_text=_("Empty: everyone to whom no rule of a group applies."),
    )
    temporary = models.BooleanField(
        _("temporary conversations"),
        default=False,
        help_text=_("For temporary conversations only. Without such a rule they are kept a day."),
    )
    days = models.PositiveIntegerField(
        _("days"),
        null=True,
        blank=True,
        help_text=_("Days after the last message. Empty: conversations are kept."),
    )
    file_days = models.PositiveIntegerField(
        _("days for files"),
        null=True,
        blank=True,
        help_text=_("Days after the last message. Empty: as long as their conversation."),
    )
    spare_pinned = models.BooleanField(
        _("keep pinned conversations"),
        default=False,
        help_text=_("What a person has pinned is not deleted."),
    )

    class Meta:
        verbose_name = _("retention rule")
        verbose_name_plural = _("retention rules")
        ordering = ["temporary", "group__name"]
        constraints = [
            models.UniqueConstraint(
                fields=["group", "temporary"],
                name="one_retention_rule_per_group",
                violation_error_message=_("There is such a rule for this group already."),
            ),
            models.UniqueConstraint(
                fields=["temporary"],
                condition=Q(group=None),
                name="one_retention_rule_for_everyone",
                violation_error_message=_("There is such a rule for everyone already."),
            ),
            models.CheckConstraint(
                condition=Q(days__isnull=False) | Q(file_days__isnull=False),
                name="retention_rule_has_days",
                violation_error_message=_("Enter a number of days."),
            ),
        ]

    def __str__(self):
        return str(self.group or _("everyone"))


class TemporaryPolicy(models.Model):
    """Policy on temporary conversations, which are deleted by themselves: whether members of
    `group` (null: everybody to whom no policy of a group applies) may have them, or may have only
    them (`conversations.keeping.temporary`)."""

    class Policy(models.TextChoices):
        """Policy on new conversations: they may be temporary, they may not, or all of them are."""

        ALLOWED = "allowed", _("may be chosen")
        FORBIDDEN = "forbidden", _("cannot be chosen")
        ENFORCED = "enforced", _("all conversations are temporary")

    group = models.OneToOneField(
        Group,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="temporary_policy",
        verbose_name=_("group"),
        help_text=_("Empty: everyone to whom no policy of a group applies."),
    )
    policy = models.CharField(_("temporary conversations"), max_length=10, choices=Policy.choices)

    class Meta:
        verbose_name = _("policy of temporary conversations")
        verbose_name_plural = _("policies of temporary conversations")
        constraints = [
            models.UniqueConstraint(
                models.Value(1),
                condition=Q(group=None),
                name="one_temporary_policy_for_everyone",
                violation_error_message=_("There is a policy for everyone already."),
            )
        ]

    def __str__(self):
        return str(self.group or _("everyone"))
