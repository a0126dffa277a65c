"""Forms of the administration for accounts and groups, with roles in place of lists of
permissions."""

from django import forms
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group, Permission
from django.utils.translation import gettext_lazy as _

from conversations.accounts.roles import PERMISSION_ROLES
from conversations.models import DirectoryGroup
from conversations.models.unicode_field import refuse_order_controls

ROLE_FIELDS = tuple(role.key for role in PERMISSION_ROLES)


def permissions_of_staff():
    """Return a queryset of the permissions that let staff administer a part of the site; those of
    roles are not among them."""
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
    """Mixin of model forms: a checkbox for each PermissionRole, which stands for one permission in
    the field `permissions_field` of the row ("user_permissions" or "permissions")."""

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
        """Add the permissions of the roles that were chosen to those of staff; what the form does
        not show stays as it is."""
        cleaned = super().clean()
        if self.permissions_field in cleaned:
            wanted = set(cleaned[self.permissions_field].values_list("pk", flat=True))
            for role in PERMISSION_ROLES:
                shown = role.key in self.fields
                if cleaned.get(role.key) if shown else role.codename in self._held:
                    wanted.add(role.permission.pk)
            cleaned[self.permissions_field] = Permission.objects.filter(pk__in=wanted)
        return cleaned


class PersonForm(RoleFields, UserChangeForm):
    """Form of an account: its roles, and its groups without those that the directory manages."""

    permissions_field = "user_permissions"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "is_superuser" in self.fields:
            self.fields["is_superuser"].label = _("Administrator")
            self.fields["is_superuser"].help_text = _(
                "Changes accounts, groups, roles, models and prices. Opens no conversation: that "
                "takes the role of a reviewer."
            )
        if "groups" in self.fields:
            self.fields["groups"].queryset = Group.objects.filter(directory_rows=None)

    def clean_groups(self):
        """Return the chosen groups and those of the directory, which stay as they are."""
        chosen = {group.pk for group in self.cleaned_data["groups"]}
        held = {group.pk for group in DirectoryGroup.managed().filter(user=self.instance)}
        return Group.objects.filter(pk__in=chosen | held)

    def clean(self):
        """Make an administrator staff, without which the administration stays closed."""
        cleaned = super().clean()
        if cleaned.get("is_superuser") and "is_staff" in cleaned:
            cleaned["is_staff"] = True
        return cleaned


class GroupForm(RoleFields, forms.ModelForm):
    """Form of a group: what its members may do. Refuses names with control characters that change
    the order of text, since names are shown within sentences."""

    permissions_field = "permissions"

    def clean_name(self):
        """Return the name of the group; refuse one with control characters."""
        name = self.cleaned_data["name"]
        refuse_order_controls(name)
        return name
