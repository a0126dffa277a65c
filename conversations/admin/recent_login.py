"""Re-authentication: the password again before what grants power, where the login is old."""

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
    """Raise what makes allauth's middleware ask for the password, where `request.user` logged in,
    or gave the password, more than ADMIN_LOGIN_AGE seconds ago; else return None.

    A form that was posted is kept in the session and taken once the password was given. One with a
    password in it is not: sessions lie in the database as plain text. Who has no password, such as
    by single sign-on, is logged out and has to log in again.
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
    """When `request.user` last proved who they are in this session, in seconds since 1970.

    allauth notes each login and each confirmed password in the session. In a session without such
    a note (the set-up of the first account makes one) it is when the session was last written.
    """
    records = get_authentication_records(request, request.user)
    if records:
        return max(record["at"] for record in records)
    session = Session.objects.filter(session_key=request.session.session_key).first()
    if session is None:
        return 0
    return session.expire_date.timestamp() - settings.SESSION_COOKIE_AGE
