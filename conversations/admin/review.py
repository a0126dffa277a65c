"""Administration of groups and review scopes: superusers change them, other staff view them."""

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from conversations.admin.guarded import PowerAdmin, SuperusersChange
from conversations.models import Scope
from conversations.models.unicode_field import refuse_order_controls

admin.site.unregister(Group)


class GroupForm(forms.ModelForm):
    """Form of a group; refuses names with control characters that change the order of text, since
    names are shown within sentences."""

    def clean_name(self):
        """Return the name of the group; refuse one with control characters."""
        name = self.cleaned_data["name"]
        refuse_order_controls(name)
        return name


@admin.register(Group)
class GroupAdmin(SuperusersChange, PowerAdmin, DjangoGroupAdmin):
    """ModelAdmin of groups: what their members may do, use and spend, and who reviews them."""

    form = GroupForm
    list_display = ["name", "members"]

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(members=Count("user"))

    @admin.display(description=_("members"), ordering="members")
    def members(self, group):
        """Return the number of members of `group`, for a column of the list."""
        return group.members


@admin.register(Scope)
class ScopeAdmin(SuperusersChange, PowerAdmin):
    """ModelAdmin of review scopes: which groups a reviewer may review. A reviewer without any may
    review everyone, so deleting the last one gives more rights, not fewer."""

    list_display = ["reviewer", "group"]
    list_display_links = None
    list_filter = ["group"]
    list_select_related = ["reviewer", "group"]
    search_fields = ["reviewer__username", "group__name"]
    autocomplete_fields = ["reviewer", "group"]
    ordering = ["reviewer__username", "group__name"]

    def has_change_permission(self, request, obj=None):
        """Return False: review scopes are only created and deleted."""
        # Rows are made and removed; each is one line of the access log.
        return False

    def delete_queryset(self, request, queryset):
        with transaction.atomic():
            super().delete_queryset(request, queryset)
