"""allauth's forms with labels and faults where people look for them."""

from allauth.account import forms
from django.utils.translation import gettext_lazy as _


class FirstPasswordTakesFaults:
    """A form whose faults of the second password stand at the first.

    Browsers are given both fields empty again, so the first is where one begins to type.
    """

    def add_error(self, field, error):
        """As Django's; a fault of `password2` is added to `password1`."""
        super().add_error("password1" if field == "password2" else field, error)


class LoginForm(forms.LoginForm):
    """The login: its first field says what it takes, in words that no button has."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("Username or e-mail")
        for field in self.fields.values():
            # The label says it already.
            field.widget.attrs.pop("placeholder", None)


class SignupForm(FirstPasswordTakesFaults, forms.SignupForm):
    """The sign-up."""


class ChangePasswordForm(FirstPasswordTakesFaults, forms.ChangePasswordForm):
    """A new password for who knows the old one."""


class SetPasswordForm(FirstPasswordTakesFaults, forms.SetPasswordForm):
    """A first password."""


class ResetPasswordKeyForm(FirstPasswordTakesFaults, forms.ResetPasswordKeyForm):
    """A new password by the link of an e-mail."""
