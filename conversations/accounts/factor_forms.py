"""Forms of allauth for second factors, with this site's labels."""

from allauth.mfa.base import forms
from allauth.mfa.totp import forms as totp_forms
from allauth.mfa.webauthn import forms as key_forms
from django.utils.translation import gettext_lazy as _

from conversations.accounts.account_forms import Labelled


class FactorForm(Labelled, forms.AuthenticateForm):
    """Form of the second step of a login: asks for a code of the authenticator app, or a recovery
    code."""


class FactorAgainForm(Labelled, forms.ReauthenticateForm):
    """Form that asks a logged-in person for a code of the second factor again, before an important
    action."""


class ActivateTOTPForm(Labelled, totp_forms.ActivateTOTPForm):
    """Form that adds an authenticator app to an account; asks for a first code of the app."""


class AddKeyForm(Labelled, key_forms.AddWebAuthnForm):
    """Form that adds a passkey or security key to an account."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["passwordless"].help_text = _(
            "The device then asks for a finger, your face or a PIN each time."
        )
