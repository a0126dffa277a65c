"""Forms of accounts and groups in the administration, with checkboxes for roles in place of lists
of permissions."""

from django import forms
from django.conf import settings
from django.contrib.auth.forms import ReadOnlyPasswordHashWidget, UserChangeForm
from django.contrib.auth.hashers import is_password_usable
from django.contrib.auth.models import Group, Permission
from django.utils.translation import gettext_lazy as _

from conversations.accounts.last_administrator import takes_last_administrator
from conversations.accounts.roles import PERMISSION_ROLES
from conversations.models import DirectoryGroup
from conversations.models.unicode_field import refuse_order_controls

LAST_ADMINISTRATOR = _("This is the only administrator. Make somebody else one first.")
# In place of Django's, which speak of users and of this "admin site".
PLAIN_HELP = {
    "is_active": _("Without it nobody can sign in as this person; nothing of theirs is deleted."),
    "is_staff": _("May open the administration, and do there what the permissions below say."),
    "groups": _("Roles, models, budgets and rules of a group are for all its members."),
    "user_permissions": _("What this person may see and change in the administration."),
}
ROLE_FIELDS = tuple(role.key for role in PERMISSION_ROLES)


def permissions_of_staff():
    """Return a queryset of the Permissions to view, add, change or delete rows of the models that
    have a ModelAdmin, without the permissions that roles consist of (PERMISSION_ROLES)."""
    from django.contrib import admin

    models = [model._meta for model in admin.site._registry]
    labels = {(meta.app_label, meta.model_name) for meta in models}
    found = Permission.objects.select_related("content_type").exclude(
        codename__in=[role.codename for role in PERMISSION_ROLES]
    )
    ids = [
        each.pk
        for each in found
        if (each.content_type.app_label, each.content_type.model) in labels
    ]
    return Permission.objects.filter(pk__in=ids).select_related("content_type")


class RoleFields(forms.Form):
    """Mixin of the model forms of accounts and groups: adds a checkbox for each PermissionRole. A
    role is one permission among those in the form's field `permissions_field` ("user_permissions"
    for an account, "permissions" for a group)."""

    permissions_field = ""
    reviewer = forms.BooleanField(required=False)
    reads_access_log = forms.BooleanField(required=False)
    sees_usage = forms.BooleanField(required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        held = set()
        if self.instance.pk:
            rows = getattr(self.instance, self.permissions_field)
            held = set(rows.values_list("codename", flat=True))
        for role in PERMISSION_ROLES:
            if role.key in self.fields:
                field = self.fields[role.key]
                field.label, field.help_text = role.label, role.explained
                field.initial = role.codename in held
        self._held = held
        if self.permissions_field in self.fields:
            self.fields[self.permissions_field].queryset = permissions_of_staff()

    def clean(self):
        """Return the cleaned data, with the permissions of the checked roles added to those chosen
        in `permissions_field`. Roles without a checkbox in the form stay as they are."""
        cleaned = super().clean()
        if self.permissions_field in cleaned:
            wanted = set(cleaned[self.permissions_field].values_list("pk", flat=True))
            for role in PERMISSION_ROLES:
                shown = role.key in self.fields
                if cleaned.get(role.key) if shown else role.codename in self._held:
                    wanted.add(role.permission.pk)
            cleaned[self.permissions_field] = Permission.objects.filter(pk__in=wanted)
        return cleaned


class PasswordStatus(ReadOnlyPasswordHashWidget):
    """Widget that says whether an account has a password, and has a button to set one. Unlike
    Django's widget it does not show a part of the password's hash."""

    def get_context(self, name, value, attrs):
        """Return the variables of the widget's template, a dict; `value` is the stored hash of the
        password."""
        context = super().get_context(name, value, attrs)
        if is_password_usable(value):
            context["summary"] = [{"label": _("A password is set.")}]
        return context


class PersonForm(RoleFields, UserChangeForm):
    """Form of an account in the administration: its roles, and its groups except those that the
    identity provider manages."""

    permissions_field = "user_permissions"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "password" in self.fields:
            self.fields["password"].widget = PasswordStatus()
            self.fields["password"].help_text = ""
        for name, said in PLAIN_HELP.items():
            if name in self.fields:
                self.fields[name].help_text = said
        if "is_superuser" in self.fields:
            self.fields["is_superuser"].label = _("Administrator")
            self.fields["is_superuser"].help_text = _(
                "Changes accounts, groups, roles, models and prices. Opens no conversation: that "
                "takes the role of a reviewer."
            )
        if "language" in self.fields:
            languages = [("", _("As the browser")), *settings.LANGUAGES]
            self.fields["language"].widget = forms.Select(choices=languages)
        if "groups" in self.fields:
            self.fields["groups"].queryset = Group.objects.filter(directory_rows=None)

    def clean_groups(self):
        """Return a queryset of the chosen groups, together with the person's groups that the
        identity provider manages, which the form does not show."""
        chosen = {group.pk for group in self.cleaned_data["groups"]}
        held = {group.pk for group in DirectoryGroup.managed().filter(user=self.instance)}
        return Group.objects.filter(pk__in=chosen | held)

    def clean(self):
        """Return the cleaned data; an administrator is also made staff, since the administration is
        open to staff only. Raise ValidationError if the site would have no administrator left. Call
        it within the transaction that saves the account: it locks the rows of all administrators,
        so that no other transaction demotes the rest meanwhile."""
        cleaned = super().clean()
        if cleaned.get("is_superuser") and "is_staff" in cleaned:
            cleaned["is_staff"] = True
        loses = any(cleaned.get(name) is False for name in ("is_superuser", "is_active"))
        if loses and takes_last_administrator([self.instance.pk]):
            raise forms.ValidationError(LAST_ADMINISTRATOR)
        return cleaned


class GroupForm(RoleFields, forms.ModelForm):
    """Form of a group in the administration: its name and the roles of its members."""

    permissions_field = "permissions"

    def clean_name(self):
        """Return the name of the group. Raise ValidationError if it has control characters, or
        invisible ones that change the order of text: names are shown within sentences."""
        name = self.cleaned_data["name"]
        refuse_order_controls(name)
        return name
