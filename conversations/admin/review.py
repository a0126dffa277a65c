"""Administration of groups and review scopes: superusers change them, other staff view them."""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from conversations.accounts.group_deletion import models_limited_to
from conversations.admin.guarded import PowerAdmin, SuperusersChange
from conversations.admin.role_forms import ROLE_FIELDS, GroupForm
from conversations.models import Scope

admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(SuperusersChange, PowerAdmin, DjangoGroupAdmin):
    """ModelAdmin of groups: their names, and the roles and permissions of their members."""

    form = GroupForm
    list_display = ["name", "members", "managed_by"]
    fieldsets = [
        (None, {"fields": ["name"]}),
        (_("Roles of its members"), {"fields": ROLE_FIELDS}),
        (
            _("Members administer a part"),
            {
                "fields": ["permissions"],
                "classes": ["collapse"],
                "description": _("Takes effect for members who are staff."),
            },
        ),
    ]

    def get_fieldsets(self, request, obj=None):
        """Return the fieldsets of the form, as Django's `(title, options)`. Staff who are no
        superusers, and so can only view, get no checkboxes of roles but all permissions."""
        if request.user.is_superuser:
            return self.fieldsets
        return [(None, {"fields": ["name", "permissions"]})]

    def get_queryset(self, request):
        """Return the queryset of groups for the list, with the number of members as `members`."""
        found = super().get_queryset(request).annotate(members=Count("user"))
        return found.prefetch_related("directory_rows")

    def get_deleted_objects(self, objs, request):
        """Return what Django's page that confirms a deletion shows for the groups `objs`, a tuple
        `(names, counts, missing permissions, protected rows)`. LanguageModels that are limited to
        members of one of them are protected, which forbids the deletion."""
        names, counts, missing, protected = super().get_deleted_objects(objs, request)
        limited = [
            _("%s: this model is for members of the group only") % each
            for each in models_limited_to(objs)
        ]
        return names, counts, missing, [*protected, *limited]

    @admin.display(description=_("members come"))
    def managed_by(self, group):
        """Return text that says who decides on the members of `group` (the identity provider, or
        administrators by hand), for a column of the list."""
        return _("from the directory") if group.directory_rows.all() else _("by hand")

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
    autocomplete_fields = ["reviewer"]
    ordering = ["reviewer__username", "group__name"]

    def has_change_permission(self, request, obj=None):
        """Return False: review scopes are only created and deleted."""
        # Only creation and deletion: each gets one row in the access log.
        return False

    def delete_queryset(self, request, queryset):
        """Delete the review scopes in `queryset`, in one transaction with the rows of the access
        log that record this."""
        with transaction.atomic():
            super().delete_queryset(request, queryset)
