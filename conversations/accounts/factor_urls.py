"""URL patterns of second factors: those of allauth. Their views are imported by the first request
for one, since the libraries for passkeys (fido2, cryptography) take 11 MB of memory per process."""

from django.urls import path
from django.utils.module_loading import import_string


def _view(name):
    """Return a view that imports and calls allauth's view at the dotted path `allauth.mfa.{name}`
    with each request."""

    def view(request, *args, **kwargs):
        return import_string(f"allauth.mfa.{name}")(request, *args, **kwargs)

    return view


_VIEWS = {
    "": ("mfa_index", "base.views.index"),
    "authenticate/": ("mfa_authenticate", "base.views.authenticate"),
    "reauthenticate/": ("mfa_reauthenticate", "base.views.reauthenticate"),
    "trust/": ("mfa_trust", "base.views.trust"),
    "totp/activate/": ("mfa_activate_totp", "totp.views.activate_totp"),
    "totp/deactivate/": ("mfa_deactivate_totp", "totp.views.deactivate_totp"),
    "recovery-codes/": ("mfa_view_recovery_codes", "recovery_codes.views.view_recovery_codes"),
    "recovery-codes/generate/": (
        "mfa_generate_recovery_codes",
        "recovery_codes.views.generate_recovery_codes",
    ),
    "recovery-codes/download/": (
        "mfa_download_recovery_codes",
        "recovery_codes.views.download_recovery_codes",
    ),
    "webauthn/": ("mfa_list_webauthn", "webauthn.views.list_webauthn"),
    "webauthn/add/": ("mfa_add_webauthn", "webauthn.views.add_webauthn"),
    "webauthn/reauthenticate/": (
        "mfa_reauthenticate_webauthn",
        "webauthn.views.reauthenticate_webauthn",
    ),
    "webauthn/keys/<int:pk>/remove/": ("mfa_remove_webauthn", "webauthn.views.remove_webauthn"),
    "webauthn/keys/<int:pk>/edit/": ("mfa_edit_webauthn", "webauthn.views.edit_webauthn"),
    "webauthn/login/": ("mfa_login_webauthn", "webauthn.views.login_webauthn"),
}
urlpatterns = [path(route, _view(view), name=name) for route, (name, view) in _VIEWS.items()]
