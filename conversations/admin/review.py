"""Groups, and who may review whom. Only superusers decide that."""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from conversations.admin.recorded import RecordedAdmin
from conversations.models import Scope

admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(RecordedAdmin, DjangoGroupAdmin):
    list_display = ["name", "members"]

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(members=Count("user"))

    def get_readonly_fields(self, request, obj=None):
        # Whoever may give a group permissions may give them to themselves.
        return [] if request.user.is_superuser else ["permissions"]

    def has_delete_permission(self, request, obj=None):
        return request.user.is_superuser

    @admin.display(description=_("members"), ordering="members")
    def members(self, group):
        return group.members


@admin.register(Scope)
class ScopeAdmin(RecordedAdmin, admin.ModelAdmin):
    """A reviewer without a scope may review everyone, so taking one away gives more, not less."""

    list_display = ["reviewer", "group"]
    list_display_links = None
    list_filter = ["group"]
    list_select_related = ["reviewer", "group"]
    search_fields = ["reviewer__username", "reviewer__email", "group__name"]
    autocomplete_fields = ["reviewer", "group"]
    ordering = ["reviewer__username", "group__name"]

    def has_add_permission(self, request):
        return request.user.is_superuser

    def has_change_permission(self, request, obj=None):
        # Rows are made and removed; each is one line of the access log.
        return False

    def has_view_permission(self, request, obj=None):
        return request.user.is_superuser or super().has_view_permission(request, obj)

    def has_delete_permission(self, request, obj=None):
        return request.user.is_superuser

    def delete_queryset(self, request, queryset):
        with transaction.atomic():
            super().delete_queryset(request, queryset)
