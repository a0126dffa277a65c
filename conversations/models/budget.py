"""Budgets: limits of cost, tokens or replies in a day, a week or a month; and the history of
changes of budgets."""

from decimal import Decimal

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from conversations.database.prepared_query import Parameter, PreparedQuery
from conversations.rendering.isolated_text import isolated

# SQLite stores decimals as floating point numbers, which are exact to fifteen digits.
LARGEST = 10**15


class BudgetQuerySet(models.QuerySet):
    """Queryset of budgets."""

    def for_person(self, person_id):
        """Return a list of the budgets that apply to the person with the id `person_id`: the
        person's own, those of their groups, and those of everyone.

        Groups are queried only if some group has a budget, since this is called for every reply.
        """
        budgets = _applying(person=person_id)
        if any(budget.group_id for budget in budgets):
            mine = set(Group.objects.filter(user=person_id).values_list("pk", flat=True))
            budgets = [b for b in budgets if b.group_id is None or b.group_id in mine]
        return budgets


class Budget(models.Model):
    """Budget: the most that one person may use in a period, in money, tokens or replies. It applies
    to `person`, to each member of `group` or, if both are null, to each person. If several apply to
    a person, each of them has to be kept. A `hard` budget refuses what exceeds it; any other only
    warns."""

    class Period(models.TextChoices):
        DAY = "day", _("day")
        WEEK = "week", _("week")
        MONTH = "month", _("month")

    class Metric(models.TextChoices):
        """What a budget limits: cost (in the site's currency), tokens, or the number of replies."""

        COST = "cost", _("cost")
        TOKENS = "tokens", _("tokens")
        REPLIES = "replies", _("replies")

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="budgets",
        verbose_name=_("person"),
    )
    group = models.ForeignKey(
        Group,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="budgets",
        verbose_name=_("group"),
        help_text=_("Each member has this budget. Both empty: everyone has it, each."),
    )
    period = models.CharField(_("period"), max_length=5, choices=Period.choices)
    metric = models.CharField(_("unit"), max_length=7, choices=Metric.choices)
    limit = models.DecimalField(
        _("limit"),
        max_digits=24,
        decimal_places=8,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(LARGEST)],
        help_text=_("How much of the unit above may be used in the period."),
    )
    hard = models.BooleanField(
        _("hard limit"),
        default=True,
        help_text=_("Refuses what goes beyond; otherwise it only warns."),
    )

    objects = BudgetQuerySet.as_manager()

    class Meta:
        verbose_name = _("budget")
        verbose_name_plural = _("budgets")
        constraints = [
            models.CheckConstraint(
                condition=Q(person=None) | Q(group=None), name="budget_of_person_or_group"
            ),
            models.CheckConstraint(
                condition=Q(limit__gte=0, limit__lte=LARGEST), name="budget_is_in_range"
            ),
        ]

    def __str__(self):
        return f"{isolated(self.holder)}: {self.limit.normalize():f} {self.metric} / {self.period}"

    def clean(self):
        """Raise ValidationError if the budget names both a person and a group."""
        if self.person_id and self.group_id:
            raise ValidationError(_("A budget is a person's or a group's, not both."))

    @property
    def holder(self):
        """Return the name of the person or group that the budget applies to, or "everyone"."""
        if self.person_id:
            return str(self.person)
        return str(self.group) if self.group_id else str(_("everyone"))


_applying = PreparedQuery(
    lambda: Budget.objects.filter(
        Q(person_id=Parameter("person", Budget.person.field)) | Q(person_id=None)
    )
)


class BudgetChange(models.Model):
    """Row of the history of budgets: the values of a Budget when it was made, changed or removed,
    by whom (username, "" if unknown) and when. It has no foreign keys, so it outlives the budget,
    the person and the group."""

    class Action(models.TextChoices):
        MADE = "made", _("made")
        CHANGED = "changed", _("changed")
        REMOVED = "removed", _("removed")

    budget_id = models.BigIntegerField(_("budget"), db_index=True)
    action = models.CharField(_("action"), max_length=7, choices=Action.choices)
    at = models.DateTimeField(_("at"), default=timezone.now)
    by = models.CharField(_("by"), max_length=150, blank=True)
    holder = models.CharField(_("whose"), max_length=150)
    period = models.CharField(_("period"), max_length=5, choices=Budget.Period.choices)
    metric = models.CharField(_("unit"), max_length=7, choices=Budget.Metric.choices)
    limit = models.DecimalField(_("limit"), max_digits=24, decimal_places=8)
    hard = models.BooleanField(_("hard limit"))

    class Meta:
        verbose_name = _("change of a budget")
        verbose_name_plural = _("changes of budgets")
        ordering = ["-at", "-id"]

    def __str__(self):
        return f"{isolated(self.holder)} {self.action} {self.at:%Y-%m-%d}"


def _note(budget, action):
    """Insert a BudgetChange (row of the history) with the present values of `budget`. `action` is a
    BudgetChange.Action; the username is taken from `budget.changed_by`, which the administration
    sets, else ""."""
    BudgetChange.objects.create(
        budget_id=budget.pk,
        action=action,
        by=getattr(budget, "changed_by", ""),
        holder=budget.holder[:150],
        period=budget.period,
        metric=budget.metric,
        limit=budget.limit,
        hard=budget.hard,
    )


# Signals, since a budget is also deleted with its person or group, by cascade.
def _saved(sender, instance, created, raw, **kwargs):
    """Record that a Budget was made or changed. A receiver of post_save; fixtures (`raw`) are
    skipped."""
    if not raw:
        _note(instance, BudgetChange.Action.MADE if created else BudgetChange.Action.CHANGED)


def _removed(sender, instance, **kwargs):
    """Record that a Budget is removed. A receiver of pre_delete."""
    _note(instance, BudgetChange.Action.REMOVED)


models.signals.post_save.connect(_saved, sender=Budget, dispatch_uid="budget_saved")
models.signals.pre_delete.connect(_removed, sender=Budget, dispatch_uid="budget_removed")
