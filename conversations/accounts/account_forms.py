"""Forms of allauth for accounts, with this site's labels; errors of the repeated password are shown
at the first of the two password fields."""

from allauth.account import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from conversations.accounts.local_login import may_log_in_locally
from conversations.single_sign_on.adapter import provider_name

LABELS = {
    "login": _("Username or e-mail"),
    "username": _("Username"),
    "email": _("E-mail"),
    "oldpassword": _("Current password"),
    "password": _("Password"),
    "code": _("Code"),
    "passwordless": _("Sign in with it alone, without a password"),
    "password1": _("Password"),
    "password2": _("The same password again"),
}


class Labelled:
    """Mixin for forms of allauth: sets this site's labels, and removes placeholders, which would
    repeat the labels inside the fields."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = LABELS.get(name, field.label)
            field.widget.attrs.pop("placeholder", None)


class FirstPasswordTakesFaults:
    """Mixin of forms with two password fields: shows errors of the second one at the first.

    Browsers show both fields empty again, so the first is where one begins to type.
    """

    def add_error(self, field, error):
        """Add `error` to `field` as Django does, but to `password1` if `field` is `password2`."""
        super().add_error("password1" if field == "password2" else field, error)


class LoginForm(Labelled, forms.LoginForm):
    """Form of the login, by username or e-mail address."""


class SignupForm(Labelled, FirstPasswordTakesFaults, forms.SignupForm):
    """Form of the sign-up."""


class AddEmailForm(Labelled, forms.AddEmailForm):
    """Form that adds another e-mail address to an account."""


class ChangePasswordForm(Labelled, FirstPasswordTakesFaults, forms.ChangePasswordForm):
    """Form that changes the password of somebody who knows the present one."""


class SetPasswordForm(Labelled, FirstPasswordTakesFaults, forms.SetPasswordForm):
    """Form that sets a password for an account without one."""

    def clean(self):
        """Return the cleaned data. Raise ValidationError for an account that may log in by single
        sign-on only, besides allauth's own checks."""
        if not may_log_in_locally(self.user):
            raise ValidationError(
                _("Your account signs in with %(name)s; it needs no password here.")
                % {"name": provider_name()}
            )
        return super().clean()


class ResetPasswordForm(Labelled, forms.ResetPasswordForm):
    """Form that asks for an e-mail with a link to set a new password."""

    def clean_email(self):
        """Return the e-mail address, and set `self.users` to the list of the accounts with it that
        a link is sent to: not those that may log in by single sign-on only. The page that follows
        is the same for any address, so that it does not tell who has an account."""
        email = super().clean_email()
        self.users = [user for user in self.users if may_log_in_locally(user)]
        return email


class ResetPasswordKeyForm(Labelled, FirstPasswordTakesFaults, forms.ResetPasswordKeyForm):
    """Form that sets a new password; opened by the link that was e-mailed after a
    ResetPasswordForm."""
