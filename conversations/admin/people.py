"""Administration of accounts: list, form, password, erasure, and actions on several at once.

Over 300 lines since it is one ModelAdmin: each method is a hook of Django's, with the check of whom
`request.user` may change.
"""

import unicodedata

from allauth.account.models import EmailAddress
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, AdminUserCreationForm
from django.db import transaction
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from conversations import replies
from conversations.accounts.adapter import send_password_link
from conversations.accounts.last_administrator import has_last_password, takes_last_administrator
from conversations.accounts.powers import people_beyond
from conversations.accounts.recent_login import require_recent_login
from conversations.admin.guarded import PowerAdmin
from conversations.admin.person_sign_in import SHOWN, SignInActions
from conversations.admin.role_forms import LAST_ADMINISTRATOR, ROLE_FIELDS, PersonForm
from conversations.jobs.erase_person_work import order_erasure
from conversations.keeping.erasure import LastAdministrator, UnderHold
from conversations.models import Hold, Person
from conversations.rendering.isolated_text import isolated
from conversations.review.administration_log import record_deactivation
from conversations.review.record_access import acting

WITH_PASSWORD = _("Disabled: only by single sign-on, or once a password was set by a link.")


class NewPasswordForm(AdminPasswordChangeForm):
    """Form that sets the password of an account, or takes it away."""

    usable_password_help_text = format_lazy(
        "{} {}", WITH_PASSWORD, _("The present password is lost then.")
    )

    def clean(self):
        """Return the cleaned data; add an error if the password is to be taken away from the only
        administrator who has one. Call it within the transaction that saves the account."""
        cleaned = super().clean()
        takes_away = not self.cleaned_data.get("set_usable_password", True)
        if takes_away and has_last_password(self.user):
            self.add_error(
                "usable_password",
                _(
                    "No other administrator has a password, so nobody could sign in here while "
                    "single sign-on fails. Give somebody else one first."
                ),
            )
        return cleaned


class NewPersonForm(AdminUserCreationForm):
    """Form of a new account: with a password, or with an e-mail that has a link to set one."""

    usable_password = AdminUserCreationForm.create_usable_password_field(WITH_PASSWORD)
    send_link = forms.BooleanField(
        label=_("Send a link to set the password"),
        required=False,
        help_text=_("By e-mail, instead of a password that you would have to pass on."),
    )

    def clean(self):
        """Return the cleaned data. If a link is to be sent, the account gets no password, and a
        missing e-mail address is an error of its field."""
        if self.cleaned_data.get("send_link"):
            self.cleaned_data["usable_password"] = "false"  # noqa: S105 (the form's word)
            if not self.cleaned_data.get("email"):
                self.add_error("email", _("The link needs an e-mail address."))
        return super().clean()


@admin.register(Person)
class PersonAdmin(SignInActions, PowerAdmin, UserAdmin):
    """ModelAdmin of accounts. On every page and by every action, staff cannot change people with
    more rights than their own (`people_beyond`); superusers change all."""

    form = PersonForm
    add_form = NewPersonForm
    change_password_form = NewPasswordForm
    add_form_template = None
    list_display = [
        "username",
        "email",
        "name",
        "belongs_to",
        "is_active",
        "is_staff",
        "last_seen_at",
        "own_budgets",
    ]
    list_filter = ["is_active", "is_staff", "is_superuser", "groups", "last_seen_at"]
    list_per_page = 50
    # Counting everyone besides those found costs a scan for a number nobody needs.
    show_full_result_count = False
    actions = ["deactivate", "end_sessions", "reset_factors", "send_links"]
    readonly_fields = [
        "last_login",
        "last_seen_at",
        "date_joined",
        "own_budgets",
        "erase_link",
        *SHOWN,
    ]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (_("Personal info"), {"fields": ["first_name", "last_name", "email"]}),
        (_("Chat"), {"fields": ["language", "theme", "own_budgets"]}),
        (
            _("Signing in"),
            {
                "fields": ["is_active", "ways", "factors", "sessions"],
                "description": _(
                    "To end the sessions or reset the second factor of somebody, choose them in "
                    "the list of people and take the action there."
                ),
            },
        ),
        (_("Groups"), {"fields": ["groups", "directory_groups"]}),
        (_("Roles"), {"fields": ["roles", "is_superuser", *ROLE_FIELDS]}),
        (
            _("Staff who administer a part"),
            {"fields": ["is_staff", "user_permissions"], "classes": ["collapse"]},
        ),
        (_("Important dates"), {"fields": ["last_seen_at", "last_login", "date_joined"]}),
        (_("Erasure"), {"fields": ["erase_link"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["username", "email", "first_name", "last_name"]}),
        (_("Password"), {"fields": ["send_link", "usable_password", "password1", "password2"]}),
    ]

    def get_search_results(self, request, queryset, search_term):
        """Return Django's `(queryset, True if it may have duplicates)` of those accounts in
        `queryset` that match `search_term`, normalized to NFKC as stored usernames are."""
        # A look-up of a part of a name does not normalize what was typed.
        return super().get_search_results(
            request, queryset, unicodedata.normalize("NFKC", search_term)
        )

    def get_queryset(self, request):
        """Return the queryset of accounts for the list, with their groups prefetched."""
        return super().get_queryset(request).prefetch_related("groups")

    def get_readonly_fields(self, request, obj=None):
        """Return the names of the fields that are shown but cannot be changed. Staff who are no
        superusers cannot change `is_staff`, `is_superuser`, groups and permissions, since they
        could give themselves more; nobody can change `is_staff`, `is_superuser` and `is_active` of
        their own account."""
        fields = list(super().get_readonly_fields(request, obj))
        if not request.user.is_superuser:
            fields += ["is_staff", "is_superuser", "groups", "user_permissions"]
        if obj is not None and obj.pk == request.user.pk:
            fields += [
                "is_active",
                "is_staff",
                "is_superuser",
            ]  # nobody locks themselves out by a slip
        return fields

    def get_fieldsets(self, request, obj=None):
        """Return the fieldsets of the form for the account `obj` (None: a new one), as Django's
        `(title, options)`. Staff who may not give roles get no checkboxes of roles."""
        found = super().get_fieldsets(request, obj)
        if obj is None or (request.user.is_superuser and self.has_change_permission(request, obj)):
            return found
        return [
            (title, {**options, "fields": [f for f in options["fields"] if f not in ROLE_FIELDS]})
            for title, options in found
        ]

    def has_change_permission(self, request, obj=None):
        """Return True if `request.user` may change the account `obj` (None: any), and so set its
        password and e-mail address."""
        return self._may_touch(request, obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request, obj=None):
        """Return True if `request.user` may delete the account `obj` (None: any)."""
        return self._may_touch(request, obj) and super().has_delete_permission(request, obj)

    def _may_touch(self, request, obj):
        """Return False if the account `obj` is one of `people_beyond(request.user)`, which has more
        rights than theirs; else True, also for None (any account)."""
        return obj is None or not people_beyond(request.user).filter(pk=obj.pk).exists()

    def user_change_password(self, request, id, form_url=""):
        """Return the page with the form that sets the password of the account `id`, or set it by
        POST, after asking for a recent login. The change is recorded in the access log as an act of
        `request.user`."""
        require_recent_login(request)
        with acting(request), transaction.atomic():
            return super().user_change_password(request, id, form_url)

    def get_deleted_objects(self, objs, request):
        """Return what the page that confirms a deletion shows: `(names of the people in objs, {kind
        of row: number}, an empty set of missing permissions, names of those who must not be
        deleted)`. Rows are counted, not listed as Django does: a list would name every message of
        these people."""
        model_count = {Person._meta.verbose_name_plural: len(objs), **_belongings(objs)}
        beyond = people_beyond(request.user).filter(pk__in=[person.pk for person in objs])
        refused = [str(person) for person in beyond]
        refused += [
            _("%s: under a legal hold") % isolated(str(person))
            for person in objs
            if Hold.concerns(person.pk)
        ]
        ids = [person.pk for person in objs]
        # A transaction of its own where only a page is shown; else the lock lasts until the people
        # are deleted.
        with transaction.atomic():
            takes_last = takes_last_administrator(ids)
        if takes_last:
            last = Person.objects.filter(pk__in=ids, is_superuser=True, is_active=True)
            refused += [_("%s: the last administrator") % isolated(str(each)) for each in last]
        return [str(person) for person in objs], model_count, set(), refused

    def response_action(self, request, queryset):
        """Run the chosen action on the accounts of `queryset` and return its HTTP response (None:
        the list is shown again). All is in one transaction, so that what the action has checked
        stays true while it acts."""
        with transaction.atomic():
            return super().response_action(request, queryset)

    def save_model(self, request, obj, form, change):
        """Store the account `obj`; of an existing one (`change`) only the columns that `form`
        changed. A changed e-mail address replaces all former ones. A new account is sent a link to
        set its password, if that was chosen."""
        if change:
            # Whatever was taken from the person since their row was read stays taken.
            obj.save(update_fields=_changed_columns(obj, form))
        else:
            super().save_model(request, obj, form, change)
        if change and "email" in form.changed_data:
            # A former address that was verified would still be sent links to set the password.
            EmailAddress.objects.filter(user=obj).exclude(email__iexact=obj.email).delete()
        if not change and form.cleaned_data.get("send_link"):
            transaction.on_commit(lambda: send_password_link(request, obj))

    def get_urls(self):
        """Return the URL patterns of Django's pages of accounts, and of the erasure of one."""
        view = self.admin_site.admin_view(self.erase_view)
        name = "conversations_person_erase"
        return [path("<int:person_id>/erase/", view, name=name), *super().get_urls()]

    def erase_view(self, request, person_id):
        """Return the page that confirms the erasure of the account `person_id`. POST orders the
        erasure and redirects to it, or returns the page with status 409 if it is refused. Asks for
        a recent login; raises Http404 for an unknown account, and for staff who are no
        superusers."""
        require_recent_login(request)
        person = Person.objects.filter(pk=person_id).first()
        if person is None or not request.user.is_superuser:
            raise Http404
        refusal = None
        if request.method == "POST":
            try:
                with acting(request):
                    erasure = order_erasure(person, request.user)
                replies.stop_all_of(person.pk)
                page = reverse("admin:conversations_erasure_change", args=[erasure.pk])
                return HttpResponseRedirect(page)
            except UnderHold:
                refusal = _("Nothing was erased: a legal hold forbids it.")
            except LastAdministrator:
                refusal = LAST_ADMINISTRATOR
        else:
            # Beforehand, so that nobody reads the rest for nothing.
            with transaction.atomic():
                if takes_last_administrator([person.pk]):
                    refusal = LAST_ADMINISTRATOR
        holds = list(Hold.concerning(person.pk))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Erase a person"),
            "opts": self.opts,
            "person": person,
            "belongings": _belongings([person]),
            "refusal": refusal,
            "holds": holds,
            "can_erase": not (refusal or holds),
        }
        status = 409 if refusal and request.method == "POST" else 200
        return TemplateResponse(request, "admin/erase_person.html", context, status=status)

    @admin.display(description=_("erasure"))
    def erase_link(self, person):
        """Return a link (HTML) to the page that erases `person`, for the page of their account."""
        page = reverse("admin:conversations_person_erase", args=[person.pk])
        return format_html('<a href="{}">{}</a>', page, _("Erase with a receipt …"))

    @admin.display(description=_("name"))
    def name(self, person):
        """Return the person's full name, for a column of the list; "" without one."""
        return isolated(person.display_name) if person.get_full_name() else ""

    @admin.display(description=_("groups"))
    def belongs_to(self, person):
        """Return the names of the person's groups, for a column of the list."""
        return ", ".join(
            isolated(name) for name in sorted(group.name for group in person.groups.all())
        )

    @admin.display(description=_("budgets"))
    def own_budgets(self, person):
        """Return a link (HTML) to the list of the person's budgets, for a column of the list."""
        path = reverse("admin:conversations_budget_changelist")
        return format_html('<a href="{}?person__id__exact={}">{}</a>', path, person.pk, _("Show"))

    @admin.action(description=_("Deactivate: log out everywhere at once"), permissions=["change"])
    def deactivate(self, request, queryset):
        """Deactivate the people in `queryset` whom `request.user` may change, other than
        `request.user`, and end their sessions. The access log gets a row for each. If that would
        leave no active administrator, only show an error message."""
        people = self._touchable(request, queryset).exclude(pk=request.user.pk)
        with transaction.atomic():
            people = list(people.filter(is_active=True))
            ids = [person.pk for person in people]
            if takes_last_administrator(ids):
                messages.error(request, LAST_ADMINISTRATOR)
                return
            Person.objects.filter(pk__in=ids).update(is_active=False)
            record_deactivation(people)
            Person.end_sessions(ids)
            LogEntry.objects.log_actions(
                request.user.pk, people, CHANGE, [{"changed": {"fields": ["is_active"]}}]
            )
        said = ngettext("%d person was deactivated.", "%d people were deactivated.", len(ids))
        messages.success(request, said % len(ids))

    def _touchable(self, request, people):
        """Return a queryset of those of `people` (a queryset) whom `request.user` may change; show
        a message with the number of the others, if any."""
        left_out = people.filter(pk__in=people_beyond(request.user).values("pk")).count()
        if left_out:
            said = ngettext(
                "%d person has more rights than you and can be changed by superusers only.",
                "%d people have more rights than you and can be changed by superusers only.",
                left_out,
            )
            messages.warning(request, said % left_out)
        return people.exclude(pk__in=people_beyond(request.user).values("pk"))

    @admin.action(description=_("Send a link to set the password"), permissions=["change"])
    def send_links(self, request, queryset):
        """Queue an e-mail with a link to set the password to the active people in `queryset` who
        have an address and whom `request.user` may change; show a message with their number."""
        people = self._touchable(request, queryset).filter(is_active=True).exclude(email="")
        sent = [send_password_link(request, person) for person in people]
        said = ngettext("%d link is being sent.", "%d links are being sent.", len(sent))
        messages.success(request, said % len(sent))


def _changed_columns(person, form):
    """Return a list of the names of the columns of `person` (a Person) for which `form`, a valid
    form, has another value than it began with."""
    return [
        field.name
        for field in person._meta.concrete_fields
        if field.name in form.cleaned_data
        and form.cleaned_data[field.name] != form.initial.get(field.name)
    ]


def _belongings(people):
    """Return `{plural name of a model: number of rows}` of what is deleted together with `people`
    (a list of Person); models without rows are left out."""
    ids = [person.pk for person in people]
    related = [
        field
        for field in Person._meta.related_objects
        if field.one_to_many and field.related_model._meta.app_label == "conversations"
    ]
    counts = {
        field.related_model._meta.verbose_name_plural: field.related_model._base_manager.filter(
            **{f"{field.field.name}__in": ids}
        ).count()
        for field in related
    }
    return {name: count for name, count in counts.items() if count}
