"""Views of single sign-on: the page that begins a login at the provider, the address that the
provider sends the browser back to, and the log-out, which ends the session there too."""

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
from conversations.single_sign_on import people, session
from conversations.single_sign_on.adapter import PROVIDER, provider_name
from conversations.single_sign_on.discovery import configuration
from conversations.single_sign_on.refusal import ProviderFailed, SignInRefused
from conversations.views.ownership import person_required

logger = logging.getLogger("conversations.single_sign_on")


def _sentences(view):
    """Return `view` wrapped so that a SignInRefused becomes a page with its sentence, and a line of
    the log. 404 without OIDC_ISSUER."""

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
    """Return the page with the button of the provider; POST begins a login there.

    With `process=connect` the account that is logged in is connected with the provider's. `next` is
    the path to go on to; one that leads to another site is refused.
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
    """Return the page that asks people of single sign-on to prove anew who they are; POST has the
    provider ask them, then goes on to `next`."""
    if request.method != "POST":
        return render(request, "single_sign_on/again.html", _button(request))
    return _begin(request, "again", _next(request), fresh=True)


@never_cache
@_sentences
@require_safe
def callback(request):
    """Log in, connect or confirm the person whom the provider's redirect is about, and go on to
    where they wanted to go; a refusal is a page with a sentence."""
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
    person = people.person_for(request, claims)
    if request.user.is_authenticated:
        get_adapter(request).logout(request)
    record_authentication(request, person, "socialaccount", provider=PROVIDER, uid=claims.subject)
    session.note(request, token)
    return perform_login(
        request, person, email_verification="none", redirect_url=state.get("next") or "/"
    )


def _begin(request, process, next_url, fresh):
    """Return the page that goes on to the provider for the `process` "login", "connect" or
    "again"; see `Provider.begin`."""
    provider = get_provider_adapter(request).get_provider(request, PROVIDER)
    url = provider.begin(request, process=process, next_url=next_url, fresh=fresh)
    return _onward(request, url)


def _confirmed(request, state, claims, token):
    """Note that `request.user` proved anew at the provider who they are, and go on with what they
    were about to do; a form that was kept meanwhile is submitted."""
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
    """Return a page that goes on to `url` at the provider, by itself and by a link.

    Not a redirect: Chromium applies the policy's `form-action 'self'` to the redirects of a form
    too, and would stop there without a word.
    """
    return render(request, "single_sign_on/onward.html", {"url": url, "name": provider_name()})


def _next(request):
    """Return the path in `next` that the login goes on to, "" without one. Raise SignInRefused if
    it leads to another site: somebody made the link to have their page shown after the login."""
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
    """Return the context of a page with the provider's button."""
    return {"name": provider_name(), "next": request.GET.get("next", "")}


def _not_given(error):
    """Return a SignInRefused for the code `error` (OAuth 2.0, 4.1.2.1) that the provider sent in
    place of a code for a token."""
    if error == "access_denied":
        sentence = _("The sign-in was cancelled at your organisation, or you have no access there.")
    else:
        sentence = _(
            "Your organisation refused the sign-in. Begin again; if it lasts, tell your "
            "administrator the number below."
        )
    return SignInRefused(sentence, f"the provider answered {error!r:.80}")


def _somebody_else():
    """Return a SignInRefused for a confirmation by another person than the one who is logged in."""
    return SignInRefused(
        _(
            "You signed in at your organisation as somebody else than here, so nothing was done. "
            "Sign out, then sign in as the one you want to be."
        ),
        "another subject than that of the session",
    )


class Logout(LogoutView):
    """The page that asks before logging out; POST logs out here and, for a session of single
    sign-on, at the provider where it offers that (OpenID Connect RP-Initiated Logout 1.0)."""

    def post(self, request, *args, **kwargs):
        """Log out, and go on to the provider's log-out or to the login page."""
        url = _end_session_url(request)
        answer = super().post(request, *args, **kwargs)
        return _onward(request, url) if url else answer


def _end_session_url(request):
    """Return the provider's URL that ends the session of `request` there; "" if it is none of
    single sign-on, or the provider has none or does not answer."""
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
