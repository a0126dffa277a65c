"""Views of single sign-on: the page that begins a login at the identity provider, the address that
the provider sends the browser back to, and the log-out, which ends the session there too."""

import logging
from functools import wraps
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.reauthentication import resume_request
from allauth.account.utils import perform_login
from allauth.account.views import LogoutView
from allauth.socialaccount.adapter import get_adapter as get_provider_adapter
from allauth.socialaccount.internal import statekit
from django.conf import settings
from django.http import Http404, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from conversations.accounts.recent_login import require_recent_login
from conversations.models import Person
from conversations.single_sign_on import people, session
from conversations.single_sign_on.adapter import PROVIDER, provider_name
from conversations.single_sign_on.discovery import configuration
from conversations.single_sign_on.refusal import ProviderFailed, SignInRefused
from conversations.views.ownership import person_required

logger = logging.getLogger("conversations.single_sign_on")


def _sentences(view):
    """Return `view` wrapped so that a SignInRefused becomes an error page with its sentence, and a
    line in the server's log. 404 if no identity provider is configured (OIDC_ISSUER)."""

    @wraps(view)
    def guarded(request, *args, **kwargs):
        if not settings.OIDC_ISSUER:
            raise Http404
        try:
            return view(request, *args, **kwargs)
        except SignInRefused as refusal:
            logger.warning("single sign-on refused: %s", refusal.why)
            context = {"sentence": refusal.sentence}
            return render(request, "single_sign_on/refused.html", context, status=refusal.status)

    return guarded


@never_cache
@_sentences
@require_http_methods(["GET", "HEAD", "POST"])
def login(request):
    """Return the page with the identity provider's button; POST begins a login there.

    With `process=connect` in the POST data the logged-in account is connected with the person's
    identity at the provider. `next` is the path to go on to; a URL of another site is refused.
    """
    if request.method != "POST":
        return render(request, "single_sign_on/login.html", _button(request))
    if request.POST.get("process") == "connect":
        if not request.user.is_authenticated:
            raise Http404
        require_recent_login(request)
        return _begin(request, "connect", reverse("account"), fresh=False)
    return _begin(request, "login", _next(request), fresh=False)


@never_cache
@_sentences
@person_required
@require_http_methods(["GET", "HEAD", "POST"])
def again(request):
    """Return the page that asks a person with single sign-on to confirm who they are. POST leads to
    the identity provider, which asks for their credentials again, and from there to the path
    `next`."""
    if request.method != "POST":
        return render(request, "single_sign_on/again.html", _button(request))
    return _begin(request, "again", _next(request), fresh=True)


@never_cache
@_sentences
@require_safe
def callback(request):
    """Complete a login, connection or confirmation when the identity provider sends the browser
    back: verify its answer, log in, and redirect to where the person wanted to go. A refusal is an
    error page with a sentence."""
    state = statekit.unstash_state(
        request, provider_id=PROVIDER, state_id=request.GET.get("state", "")
    )
    if state is None:
        raise SignInRefused(
            _(
                "This sign-in was not begun in this browser, is over already, or took more than "
                "ten minutes. Begin again."
            ),
            "unknown, used or expired state",
        )
    if "error" in request.GET or "code" not in request.GET:
        raise _not_given(request.GET.get("error", ""))
    provider = get_provider_adapter(request).get_provider(request, PROVIDER)
    claims, token = provider.finish(request, state)
    if state["process"] == "again":
        return _confirmed(request, state, claims, token)
    if state["process"] == "connect":
        if request.user.pk != state["person"]:
            raise _somebody_else()
        people.connect(request.user, claims)
        # Those that began with a password would outlive the access at the provider.
        Person.end_sessions([request.user.pk], keep=request.session.session_key)
    person = people.person_for(request, claims)
    if request.user.is_authenticated:
        get_adapter(request).logout(request)
    record_authentication(request, person, "socialaccount", provider=PROVIDER, uid=claims.subject)
    session.note(request, token)
    return perform_login(
        request, person, email_verification="none", redirect_url=state.get("next") or "/"
    )


def _begin(request, process, next_url, fresh):
    """Return the page that leads the browser to the identity provider. `process` is "login",
    "connect" (connect the logged-in account) or "again" (confirm who one is); `next_url` is the
    path to go on to afterwards; with `fresh` True the provider asks for the person's credentials
    again."""
    provider = get_provider_adapter(request).get_provider(request, PROVIDER)
    url = provider.begin(request, process=process, next_url=next_url, fresh=fresh)
    return _onward(request, url)


def _confirmed(request, state, claims, token):
    """Record that `request.user` confirmed at the identity provider who they are, and go on: submit
    the form that was kept meanwhile, or redirect. `state` is the dict about this login that was
    kept in the session, `claims` the verified Claims, `token` the ID token (text). Raise
    SignInRefused if somebody else logged in there."""
    person = people.person_for(request, claims)
    if person != request.user:
        raise _somebody_else()
    record_authentication(
        request,
        person,
        "socialaccount",
        provider=PROVIDER,
        uid=claims.subject,
        reauthenticated=True,
    )
    session.note(request, token)
    session.limit(request)
    request.GET = QueryDict(urlencode({"next": state.get("next") or "/"}))
    return resume_request(request) or redirect("home")


def _onward(request, url):
    """Return a page that leads to `url` at the identity provider, by itself and by a link.

    Not a redirect: Chromium applies `form-action 'self'` of the Content-Security-Policy to the
    redirects of a form too, and would stop there without a message.
    """
    return render(request, "single_sign_on/onward.html", {"url": url, "name": provider_name()})


def _next(request):
    """Return the path `next` (POST data or query) to go to after the login; "" if there is none.
    Raise SignInRefused if it leads to another site, which would be shown right after the login."""
    url = request.POST.get("next") or request.GET.get("next") or ""
    if url and not get_adapter(request).is_safe_url(url):
        raise SignInRefused(
            _(
                "The link that brought you here would lead to another site after the sign-in, so "
                "nothing was done. Sign in from the start page."
            ),
            "next leads to another site",
            status=400,
        )
    return url


def _button(request):
    """Return the template context of a page with the identity provider's button: its name, and the
    path `next`."""
    return {"name": provider_name(), "next": request.GET.get("next", "")}


def _not_given(error):
    """Return (not raise) a SignInRefused for `error`, the error code (OAuth 2.0, 4.1.2.1) that the
    identity provider sent in place of a login."""
    if error == "access_denied":
        sentence = _("The sign-in was cancelled at your organisation, or you have no access there.")
    else:
        sentence = _(
            "Your organisation refused the sign-in. Begin again; if it lasts, tell your "
            "administrator the number below."
        )
    return SignInRefused(sentence, f"the provider answered {error!r:.80}")


def _somebody_else():
    """Return (not raise) a SignInRefused for somebody who logged in at the identity provider as
    another person than the one logged in here."""
    return SignInRefused(
        _(
            "You signed in at your organisation as somebody else than here, so nothing was done. "
            "Sign out, then sign in as the one you want to be."
        ),
        "another subject than that of the session",
    )


class Logout(LogoutView):
    """View of the page that asks before logging out; POST logs out of this site and, if the session
    began by single sign-on, of the identity provider, where it supports that (OpenID Connect
    RP-Initiated Logout 1.0)."""

    def post(self, request, *args, **kwargs):
        """Log out of this site; return the page that leads to the identity provider's log-out, or
        the redirect of allauth if there is none."""
        url = _end_session_url(request)
        answer = super().post(request, *args, **kwargs)
        return _onward(request, url) if url else answer


def _end_session_url(request):
    """Return the identity provider's URL that ends the session of `request` there; "" if the
    session did not begin by single sign-on, or the provider has no such URL or does not answer."""
    token = session.token_of(request)
    if not (token and settings.OIDC_ISSUER):
        return ""
    try:
        endpoint = configuration().get("end_session_endpoint")
    except ProviderFailed:
        return ""
    parameters = {
        "id_token_hint": token,
        "client_id": settings.OIDC_CLIENT_ID,
        "post_logout_redirect_uri": request.build_absolute_uri(reverse("account_login")),
    }
    mark = "&" if endpoint and "?" in endpoint else "?"
    return f"{endpoint}{mark}{urlencode(parameters)}" if endpoint else ""


logout = Logout.as_view()
