"""Sessions that single sign-on made: end after OIDC_SESSION_HOURS, whatever their owner does."""

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
    """Keep the ID token `token` (text) in the session of `request`: the provider wants to see it at
    the log-out."""
    request.session[_KEY] = {"id_token": token}


def limit(request):
    """Let the session of `request` end OIDC_SESSION_HOURS from now, however much it is used: rights
    that the directory took away end then at the latest."""
    request.session.set_expiry(timezone.now() + timedelta(hours=settings.OIDC_SESSION_HOURS))


def token_of(request):
    """Return the ID token of the session of `request` as text; "" if no single sign-on made it."""
    return request.session.get(_KEY, {}).get("id_token", "")


def logged_in(request, user, **kwargs):
    """Receiver of allauth's user_logged_in: limit a session that single sign-on made; forget an
    attempt at it that did not get this far."""
    if token_of(request) and was_by_single_sign_on(request, user):
        limit(request)
    else:
        request.session.pop(_KEY, None)
