"""Base classes of the ModelAdmins: what hostile staff could otherwise do through any page."""

from django.contrib import admin
from django.contrib.admin.utils import get_fields_from_path

from conversations.admin.recent_login import require_recent_login
from conversations.form_fields import FIRST_DAY, LAST_DAY
from conversations.review.record_access import acting

# As text, as they stand in addresses.
_YEARS = {str(year) for year in range(FIRST_DAY.year, LAST_DAY.year + 1)}


class GuardedAdmin(admin.ModelAdmin):
    """The base of every ModelAdmin here: lists can be filtered only by what they offer.

    Django takes any look-up on a field of the model itself, shown or not: with
    `?instructions__startswith=a` staff would read a hidden field letter by letter. Taken are the
    look-ups of `list_filter` and `date_hierarchy`, and `linked_lookups`, those of links from other
    pages; any other is answered with 400. Facets, which count rows for every filter on every page,
    are off.
    """

    linked_lookups = ()
    show_facets = admin.ShowFacets.NEVER

    def lookup_allowed(self, lookup, value, request=None):
        # Django asks the calendar for the year after this one.
        if self.date_hierarchy and lookup == f"{self.date_hierarchy}__year":
            return value in _YEARS
        return lookup in self.listed_lookups()

    def get_object(self, request, object_id, from_field=None):
        # Django takes an empty `_to_field` for the name of a field.
        return super().get_object(request, object_id, from_field or None)

    def listed_lookups(self):
        """Names of all look-ups that the address of the list may have."""
        lookups = set(self.linked_lookups)
        for path in self.list_filter:
            field = get_fields_from_path(self.model, path)[-1]
            lookups |= {path, f"{path}__exact", f"{path}__isnull", f"{path}__gte", f"{path}__lt"}
            if field.is_relation:
                lookups.add(f"{path}__{field.target_field.name}__exact")
        if self.date_hierarchy:
            parts = ("year", "month", "day", "gte", "lt")
            lookups |= {f"{self.date_hierarchy}__{part}" for part in parts}
        return lookups


class PowerAdmin(GuardedAdmin):
    """The base of ModelAdmins whose pages can give somebody power over other people's text, usage
    or accounts.

    They ask for a recent login (`recent_login`), and what is changed through them goes into the
    access log as the act of the member of staff, in the transaction of the change. Of the list only
    its actions do: what it shows gives nothing.
    """

    def changeform_view(self, request, *args, **kwargs):
        require_recent_login(request)
        with acting(request):
            return super().changeform_view(request, *args, **kwargs)

    def delete_view(self, request, *args, **kwargs):
        require_recent_login(request)
        with acting(request):
            return super().delete_view(request, *args, **kwargs)

    def changelist_view(self, request, *args, **kwargs):
        if request.method == "POST":
            require_recent_login(request)
        with acting(request):
            return super().changelist_view(request, *args, **kwargs)


class SuperusersChange:
    """Mixin of a ModelAdmin whose rows only superusers make, change and remove; staff with the
    permissions of the model can look at them."""

    def has_add_permission(self, request):
        return request.user.is_superuser

    def has_change_permission(self, request, obj=None):
        return request.user.is_superuser

    def has_view_permission(self, request, obj=None):
        return request.user.is_superuser or super().has_view_permission(request, obj)

    def has_delete_permission(self, request, obj=None):
        return request.user.is_superuser
