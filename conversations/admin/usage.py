"""The administration of prices, of budgets with their history, and of limits of usage viewers."""

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from conversations.admin.guarded import GuardedAdmin, PowerAdmin, SuperusersChange
from conversations.form_fields import refuse_day_out_of_range
from conversations.models import Budget, BudgetChange, Price, UsageScope
from conversations.rendering.isolated_text import isolated


@admin.display(description=_("whose"))
def whose(budget):
    """The column with the name of the person or group of a budget, or "everyone"."""
    return isolated(budget.holder)


@admin.display(description=_("limit"), ordering="limit")
def limit(budget):
    """The column with a budget's limit, without trailing zeros: 20, not 20.00000000."""
    return f"{budget.limit.normalize():f}"


class PriceForm(forms.ModelForm):
    """The form of a price, whose day every report and time zone can calculate with."""

    def clean_valid_from(self):
        valid_from = self.cleaned_data["valid_from"]
        # As typed, in the reader's zone: near the ends of the calendar others cannot be calculated.
        refuse_day_out_of_range(valid_from.date())
        return valid_from


@admin.register(Price)
class PriceAdmin(GuardedAdmin):
    form = PriceForm
    list_display = ["model", "input", "cached_input", "output", "valid_from"]
    list_filter = ["model"]
    search_fields = ["model"]
    date_hierarchy = "valid_from"
    save_as = True  # a new price is a new row: the old one stays for calls of its time


@admin.register(Budget)
class BudgetAdmin(GuardedAdmin):
    list_display = [whose, limit, "metric", "period", "hard"]
    list_filter = ["period", "metric", "hard", "group"]
    list_select_related = ["person", "group"]
    search_fields = ["person__username", "group__name"]
    # The link from a person's row.
    linked_lookups = ["person__id__exact"]
    autocomplete_fields = ["person"]

    def save_model(self, request, obj, form, change):
        obj.changed_by = request.user.get_username()
        super().save_model(request, obj, form, change)

    def delete_model(self, request, obj):
        obj.changed_by = request.user.get_username()
        super().delete_model(request, obj)

    def delete_queryset(self, request, queryset):
        # One by one, so that the history knows by whom.
        for budget in queryset:
            self.delete_model(request, budget)


@admin.register(BudgetChange)
class BudgetChangeAdmin(GuardedAdmin):
    list_display = ["at", "by", "action", whose, limit, "metric", "period", "hard"]
    list_filter = ["action", "period", "metric"]
    search_fields = ["holder", "by"]
    date_hierarchy = "at"

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(UsageScope)
class UsageScopeAdmin(SuperusersChange, PowerAdmin):
    """The limits of usage viewers: whose usage each may see. Without one a viewer sees everybody's,
    so taking one away gives more, not less."""

    list_display = ["viewer", "sees"]
    list_filter = ["groups"]
    search_fields = ["viewer__username", "groups__name"]
    list_select_related = ["viewer"]
    autocomplete_fields = ["viewer"]
    filter_horizontal = ["groups"]

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description=_("members of"))
    def sees(self, scope):
        return ", ".join(isolated(group.name) for group in scope.groups.all())
