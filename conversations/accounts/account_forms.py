"""allauth's forms with labels in sentence case, and faults where people look for them."""

from allauth.account import forms
from django.utils.translation import gettext_lazy as _

LABELS = {
    "login": _("Username or e-mail"),
    "username": _("Username"),
    "email": _("E-mail"),
    "oldpassword": _("Current password"),
    "password": _("Password"),
    "password1": _("Password"),
    "password2": _("The same password again"),
}


class Labelled:
    """A form of allauth with the labels of this site, which its fields do not repeat inside."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = LABELS.get(name, field.label)
            field.widget.attrs.pop("placeholder", None)


class FirstPasswordTakesFaults:
    """A form whose faults of the second password stand at the first.

    Browsers are given both fields empty again, so the first is where one begins to type.
    """

    def add_error(self, field, error):
        """As Django's; a fault of `password2` is added to `password1`."""
        super().add_error("password1" if field == "password2" else field, error)


class LoginForm(Labelled, forms.LoginForm):
    """The login, by username or e-mail."""


class SignupForm(Labelled, FirstPasswordTakesFaults, forms.SignupForm):
    """The sign-up."""


class AddEmailForm(Labelled, forms.AddEmailForm):
    """Another address."""


class ChangePasswordForm(Labelled, FirstPasswordTakesFaults, forms.ChangePasswordForm):
    """A new password for who knows the old one."""


class SetPasswordForm(Labelled, FirstPasswordTakesFaults, forms.SetPasswordForm):
    """A first password."""


class ResetPasswordForm(Labelled, forms.ResetPasswordForm):
    """Asks for a link by which a new password is set."""


class ResetPasswordKeyForm(Labelled, FirstPasswordTakesFaults, forms.ResetPasswordKeyForm):
    """A new password by that link."""
