"""Administration of DirectoryGroup: the table that maps values of the identity provider's groups
claim (OIDC_GROUPS_CLAIM) to groups of this site."""

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from conversations.accounts.local_login import is_of_directory
from conversations.admin.guarded import PowerAdmin, SuperusersChange
from conversations.models import DirectoryGroup
from conversations.rendering.isolated_text import isolated


class DirectoryGroupForm(forms.ModelForm):
    """Form of a DirectoryGroup: a value that the identity provider sends, and what people with this
    value get: a group of this site, or the rights of an administrator."""

    def clean_group(self):
        """Return the chosen Group or None. Raise ValidationError for a group not yet managed by the
        identity provider that has members without single sign-on: the provider could never take
        them out, since they do not log in through it."""
        group = self.cleaned_data["group"]
        if group is None or group.directory_rows.exists():
            return group
        by_hand = [each for each in group.user_set.all() if not is_of_directory(each)]
        if by_hand:
            names = ", ".join(isolated(each.username) for each in by_hand[:5])
            raise forms.ValidationError(
                _(
                    "%(count)d members of this group do not sign in through the directory "
                    "(%(names)s …). Take them out first, or choose another group: a group is "
                    "managed by the directory or by hand, never both."
                )
                % {"count": len(by_hand), "names": names}
            )
        return group


@admin.register(DirectoryGroup)
class DirectoryGroupAdmin(SuperusersChange, PowerAdmin):
    """ModelAdmin of DirectoryGroup, the table by which the identity provider gives people groups
    and the rights of administrators. A change takes effect at each person's next single sign-on, at
    most OIDC_SESSION_HOURS later."""

    form = DirectoryGroupForm
    list_display = ["value", "group", "administrator"]
    list_filter = ["group"]
    list_select_related = ["group"]
    search_fields = ["value", "group__name"]
