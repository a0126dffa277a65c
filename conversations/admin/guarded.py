"""Base classes of the ModelAdmins, which keep staff from reading or changing more than they may."""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import get_fields_from_path
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from conversations.accounts.recent_login import require_recent_login
from conversations.admin.person_select import PersonSelect
from conversations.admin.units import give_units, with_units
from conversations.form_fields import FIRST_DAY, LAST_DAY
from conversations.models import Person
from conversations.review.record_access import acting
from conversations.thread.page import as_uuid

# Bytes of the query of a list's URL: Django takes a search of 100,000 characters apart into
# conditions for a minute, and writes it many times into the page.
MOST_QUERY = 2_000
# As text, as in the query of a URL.
_YEARS = {str(year) for year in range(FIRST_DAY.year, LAST_DAY.year + 1)}


class GuardedAdmin(admin.ModelAdmin):
    """Base class of every ModelAdmin of this site: lists can be filtered only by the filters they
    offer, and numbers have their units beside them (`conversations.admin.units`).

    Django accepts a look-up on any field of the model, shown or not: with
    `?instructions__startswith=a` staff could read a hidden field letter by letter. This class
    accepts only the look-ups of `list_filter` and `date_hierarchy`, and `linked_lookups` (names of
    look-ups in links from other pages), and answers any other with status 400. Facets, which count
    rows for every filter on every page, are off.
    """

    linked_lookups = ()
    show_facets = admin.ShowFacets.NEVER

    def changeform_view(self, request, *args, **kwargs):
        """Return the page with the form of one row, or save it by POST. Changes are recorded in the
        access log as acts of `request.user`."""
        with acting(request):
            return super().changeform_view(request, *args, **kwargs)

    def delete_view(self, request, *args, **kwargs):
        """Return the page that confirms the deletion of a row, or delete it by POST. Changes are
        recorded in the access log as acts of `request.user`."""
        with acting(request):
            return super().delete_view(request, *args, **kwargs)

    def changelist_view(self, request, *args, **kwargs):
        """Return the list of rows, or run an action on some of them by POST. Changes are recorded
        in the access log as acts of `request.user`. A URL whose query has more than MOST_QUERY
        bytes is redirected to the list without filters, with an error message."""
        if len(request.META.get("QUERY_STRING", "")) > MOST_QUERY:
            messages.error(
                request,
                _(
                    "The search or the filters were too long, so all rows are listed. Search for "
                    "fewer words."
                ),
            )
            return redirect(request.path)
        with acting(request):
            return super().changelist_view(request, *args, **kwargs)

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        """Return the form field for the foreign key `db_field`. One to Person that is among
        `autocomplete_fields` gets a PersonSelect, which also works without JavaScript."""
        if db_field.related_model is Person and db_field.name in self.autocomplete_fields:
            kwargs["widget"] = PersonSelect(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_list_display(self, request):
        """Return the columns of the list, with a NumberColumn in place of the name of each number
        that has a unit."""
        return with_units(self.model, super().get_list_display(request))

    def get_form(self, request, obj=None, **kwargs):
        """Return the form class for the row `obj` (None: a new one), with units beside its number
        fields."""
        form = super().get_form(request, obj, **kwargs)
        give_units(form, self.model)
        for field in form.base_fields.values():
            if isinstance(field, forms.SplitDateTimeField):
                # The field has one label, which names neither of its two inputs.
                for part, said in zip(field.widget.widgets, (_("date"), _("time")), strict=True):
                    part.attrs["aria-label"] = f"{field.label}: {said}"
        return form

    def get_changeform_initial_data(self, request):
        """Return the initial values of the form of a new row, a dict made from the query of the
        URL. A value for a relation is left out unless it can be an id, since Django would send any
        text to the database."""
        return {
            name: value
            for name, value in super().get_changeform_initial_data(request).items()
            if not _is_relation(self.model, name) or _can_be_ids(value)
        }

    def get_changelist_formset(self, request, **kwargs):
        """Return the formset class for the fields that can be edited in the list, each labelled for
        screen readers (`aria-label`) with the heading of its column."""
        formset = super().get_changelist_formset(request, **kwargs)
        for field in formset.form.base_fields.values():
            field.widget.attrs["aria-label"] = field.label
        return formset

    def get_fieldsets(self, request, obj=None):
        """Return the fieldsets of the page for the row `obj` (None: a new one), as Django's
        `(title, options)`. If `request.user` may only view the row, numbers have their units."""
        found = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return found
        return [
            (title, {**options, "fields": with_units(self.model, options["fields"])})
            for title, options in found
        ]

    def lookup_allowed(self, lookup, value, request=None):
        """Return True if the URL may filter the list by the look-up named `lookup` (as in
        `?lookup=value`): it is in `listed_lookups` and, if it is the year of `date_hierarchy`,
        `value` is a year from FIRST_DAY to LAST_DAY."""
        # Django calculates the beginning of the year after it, which must be a date.
        if self.date_hierarchy and lookup == f"{self.date_hierarchy}__year":
            return value in _YEARS
        return lookup in self.listed_lookups()

    def get_object(self, request, object_id, from_field=None):
        """Return the row with the id `object_id`, or None. An empty `from_field` (`_to_field` in
        the URL) counts as none; Django would take it for the name of a field."""
        return super().get_object(request, object_id, from_field or None)

    def listed_lookups(self):
        """Return the set of names of look-ups by which the URL of the list may filter."""
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


def _is_relation(model, name):
    """Return True if `name` is the name of a relation of `model` (a foreign key, a many-to-many
    field, or the reverse of one)."""
    return any(field.name == name and field.is_relation for field in model._meta.get_fields())


def _can_be_ids(value):
    """Return True if `value`, a text or a list of texts, has only numbers that a column of ids can
    hold, or UUIDs."""
    texts = value if isinstance(value, list) else [value]
    return all(
        as_uuid(text) or (text.isascii() and text.isdigit() and len(text) < 19) for text in texts
    )


class RecordsAdmin(GuardedAdmin):
    """Base class of ModelAdmins of records: rows that nobody adds, changes or deletes by hand."""

    def has_add_permission(self, request):
        """Return False: the site writes records itself."""
        return False

    def has_change_permission(self, request, obj=None):
        """Return False: records are shown only."""
        return False

    def has_delete_permission(self, request, obj=None):
        """Return False: records stay."""
        return False


class PowerAdmin(GuardedAdmin):
    """Base class of ModelAdmins whose pages can give somebody power over other people's text, usage
    or accounts.

    Their forms and actions ask for a recent login (`require_recent_login`); their lists, which only
    show, do not. Changes of who may review are recorded in the access log as acts of the member of
    staff, in the transaction of the change.
    """

    def changeform_view(self, request, *args, **kwargs):
        """Return the page with the form of one row, or save it by POST, after asking for a recent
        login."""
        require_recent_login(request)
        return super().changeform_view(request, *args, **kwargs)

    def delete_view(self, request, *args, **kwargs):
        """Return the page that confirms the deletion of a row, or delete it by POST, after asking
        for a recent login."""
        require_recent_login(request)
        return super().delete_view(request, *args, **kwargs)

    def changelist_view(self, request, *args, **kwargs):
        """Return the list of rows, or run an action on some of them by POST; an action asks for a
        recent login."""
        if request.method == "POST":
            require_recent_login(request)
        return super().changelist_view(request, *args, **kwargs)


class SuperusersChange:
    """Mixin of ModelAdmins: only superusers add, change and delete rows; staff with the permissions
    of the model can view them."""

    def has_add_permission(self, request):
        """Return True for superusers."""
        return request.user.is_superuser

    def has_change_permission(self, request, obj=None):
        """Return True for superusers."""
        return request.user.is_superuser

    def has_view_permission(self, request, obj=None):
        """Return True for superusers, and for staff with the permission to view the model."""
        return request.user.is_superuser or super().has_view_permission(request, obj)

    def has_delete_permission(self, request, obj=None):
        """Return True for superusers."""
        return request.user.is_superuser
