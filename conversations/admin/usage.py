"""Administration of prices, of budgets with their history, and of usage scopes (whose usage a
viewer of usage may see)."""

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from conversations.admin.guarded import (
    GuardedAdmin,
    PowerAdmin,
    RecordsAdmin,
    SuperusersChange,
)
from conversations.form_fields import refuse_day_out_of_range
from conversations.models import Budget, BudgetChange, Price, ToolPrice, UsageScope
from conversations.rendering.isolated_text import isolated


@admin.display(description=_("whose"))
def whose(budget):
    """Return the name of the person or group that `budget` (a Budget or BudgetChange) is for, or
    "everyone", as text for a column of the list."""
    return isolated(budget.holder)


class PriceForm(forms.ModelForm):
    """Form of a Price or ToolPrice. It refuses days so near the ends of the calendar that reports
    could not calculate with them."""

    def clean_valid_from(self):
        """Return the datetime from which the price is valid. Raise ValidationError for a day before
        FIRST_DAY or after LAST_DAY."""
        valid_from = self.cleaned_data["valid_from"]
        # In the reader's time zone here; near the ends of the calendar others are out of range.
        refuse_day_out_of_range(valid_from.date())
        return valid_from


@admin.register(Price)
class PriceAdmin(GuardedAdmin):
    """ModelAdmin of prices. A new price is a new row, so that older model calls keep the price of
    their time."""

    form = PriceForm
    list_display = [
        *("model", "tier", "input", "cached_input", "cache_write", "cache_write_12h", "output"),
        *("long_context_over", "valid_from"),
    ]
    list_filter = ["model", "tier"]
    search_fields = ["model"]
    date_hierarchy = "valid_from"
    save_as = True  # a new price is a new row: the old one stays for calls of its time
    fieldsets = [
        (None, {"fields": ["model", "tier", "valid_from"]}),
        (
            _("Tokens"),
            {"fields": ["input", "cached_input", "cache_write", "cache_write_12h", "output"]},
        ),
        (
            _("Calls with a long input"),
            {
                "fields": [
                    *("long_context_over", "long_input", "long_cached_input"),
                    *("long_cache_write", "long_cache_write_12h", "long_output"),
                ]
            },
        ),
    ]


@admin.register(ToolPrice)
class ToolPriceAdmin(GuardedAdmin):
    """ModelAdmin of the prices of tools that the gateway runs; a new price is a new row."""

    form = PriceForm
    fields = ["tool", "model", "per_use", "valid_from"]
    list_display = ["tool", "model", "per_use", "valid_from"]
    list_filter = ["tool"]
    search_fields = ["tool", "model"]
    date_hierarchy = "valid_from"
    save_as = True


@admin.register(Budget)
class BudgetAdmin(GuardedAdmin):
    """ModelAdmin of budgets. Their history (BudgetChange) names who created, changed or deleted
    them."""

    list_display = [whose, "limit", "metric", "period", "hard"]
    list_filter = ["period", "metric", "hard", "group"]
    list_select_related = ["person", "group"]
    search_fields = ["person__username", "group__name"]
    # Used by the link from a person's row in the list of accounts.
    linked_lookups = ["person__id__exact"]
    autocomplete_fields = ["person"]

    def save_model(self, request, obj, form, change):
        """Store the budget `obj`; its history (BudgetChange) names `request.user`."""
        obj.changed_by = request.user.get_username()
        super().save_model(request, obj, form, change)

    def delete_model(self, request, obj):
        """Delete the budget `obj`; its history (BudgetChange) names `request.user`."""
        obj.changed_by = request.user.get_username()
        super().delete_model(request, obj)

    def delete_queryset(self, request, queryset):
        """Delete the budgets in `queryset` one by one, so that the history (BudgetChange) names
        `request.user` for each."""
        # `delete_model` sets who did it, for the history.
        for budget in queryset:
            self.delete_model(request, budget)


@admin.register(BudgetChange)
class BudgetChangeAdmin(RecordsAdmin):
    """ModelAdmin of the history of budgets: read-only."""

    list_display = ["at", "by", "action", whose, "limit", "metric", "period", "hard"]
    list_filter = ["action", "period", "metric"]
    search_fields = ["holder", "by"]
    date_hierarchy = "at"


@admin.register(UsageScope)
class UsageScopeAdmin(SuperusersChange, PowerAdmin):
    """ModelAdmin of UsageScope: the groups whose usage a viewer of usage may see. A viewer without
    a scope sees everybody's usage, so deleting a scope gives more rights, not fewer."""

    list_display = ["viewer", "sees"]
    list_filter = ["groups"]
    search_fields = ["viewer__username", "groups__name"]
    list_select_related = ["viewer"]
    autocomplete_fields = ["viewer"]
    filter_horizontal = ["groups"]

    def get_queryset(self, request):
        """Return the queryset of usage scopes for the list, with their groups prefetched."""
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description=_("members of"))
    def sees(self, scope):
        """Return the names of the groups of `scope` (a UsageScope), for a column of the list."""
        return ", ".join(isolated(group.name) for group in scope.groups.all())
