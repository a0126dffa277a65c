"""Sessions begun by single sign-on: ends them OIDC_SESSION_HOURS after the login, even while they
are used."""

from datetime import timedelta

from allauth.account.signals import user_logged_in
from django.conf import settings
from django.utils import timezone

from conversations.accounts.local_login import was_by_single_sign_on

_KEY = "single_sign_on"


def connect():
    """Connect the signal receiver of this module; called once, when the apps are ready."""
    user_logged_in.connect(logged_in, dispatch_uid="single_sign_on_session")


def note(request, token):
    """Store the ID token `token` (text) in the session of `request`, where `token_of` reads it: at
    log-out it is sent to the identity provider as `id_token_hint`."""
    request.session[_KEY] = {"id_token": token}


def limit(request):
    """Set the session of `request` to expire OIDC_SESSION_HOURS from now, however much it is used,
    so that rights that were withdrawn at the identity provider end then at the latest."""
    request.session.set_expiry(timezone.now() + timedelta(hours=settings.OIDC_SESSION_HOURS))


def token_of(request):
    """Return the ID token (text) that `note` stored in the session of `request`; "" if there is
    none, since the session was not begun by single sign-on."""
    return request.session.get(_KEY, {}).get("id_token", "")


def logged_in(request, user, **kwargs):
    """Limit the duration of a session that `user` began by single sign-on; for any other login,
    remove an ID token left by an attempt that did not succeed. Receiver of allauth's signal
    user_logged_in."""
    if token_of(request) and was_by_single_sign_on(request, user):
        limit(request)
    else:
        request.session.pop(_KEY, None)
