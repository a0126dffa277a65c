"""Re-authentication: asks people whose login is old to confirm who they are, before pages that
grant power, or export or erase what others wrote."""

import time
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from allauth.core.exceptions import ImmediateHttpResponse, ReauthenticationRequired
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.contrib.sessions.models import Session
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _


def require_recent_login(request):
    """Return None if `request.user` logged in, or confirmed who they are, within the last
    ADMIN_LOGIN_AGE seconds; else raise ReauthenticationRequired or ImmediateHttpResponse, which
    allauth's middleware turns into a redirect to a page that asks for the password, the second
    factor, or a new login at the identity provider.

    Call it first in a view. A posted form is kept in the session and submitted after the
    confirmation, unless it contains a password: sessions are stored as plain text. People who have
    no way to confirm are logged out and have to log in again.
    """
    if time.time() - logged_in_at(request) < settings.ADMIN_LOGIN_AGE:
        return
    path = request.get_full_path()
    methods = get_adapter().get_reauthentication_methods(request.user)
    if not methods:
        logout(request)
        messages.info(request, _("Your sign-in is too old for this page. Sign in again."))
        raise ImmediateHttpResponse(redirect_to_login(path, reverse("account_login")))
    if any(value for name, value in request.POST.items() if "password" in name):
        messages.warning(
            request, _("Nothing was saved. Confirm your password, then fill in the form again.")
        )
        url = f"{methods[0]['url']}?{urlencode({'next': path})}"
        raise ImmediateHttpResponse(HttpResponseRedirect(url))
    raise ReauthenticationRequired


def logged_in_at(request):
    """Return the time, in seconds since 1970, at which `request.user` last logged in or confirmed
    who they are in this session; 0 if it is unknown.

    allauth records logins and confirmations in the session. For a session without such a record
    (that of the set-up of the first account) it is the time at which the session was last stored.
    """
    records = get_authentication_records(request, request.user)
    if records:
        return max(record["at"] for record in records)
    session = Session.objects.filter(session_key=request.session.session_key).first()
    if session is None:
        return 0
    return session.expire_date.timestamp() - settings.SESSION_COOKIE_AGE
