"""Template context processors: the values that the templates of all pages can use."""

from django.conf import settings
from django.utils.functional import SimpleLazyObject

from conversations import usage
from conversations.conversation_list.sidebar import listing
from conversations.single_sign_on.adapter import provider_name


def site(request):
    """Return the context for all templates, a dict: settings (the site's name, currency, largest
    request body in bytes …), the name of its single sign-on ("": none), and the request's id. Two
    values are queried only when a template reads them: `listing` (a Listing, for the sidebar) and
    `nearly_used_up`."""
    return {
        "site_name": settings.SITE_NAME,
        "demo": settings.DEMO,
        "currency": settings.CURRENCY,
        "max_body": settings.MAX_BODY,
        "signup_open": settings.SIGNUP == "open" and settings.PASSWORD_LOGIN,
        "single_sign_on": provider_name() if settings.OIDC_ISSUER else "",
        "password_login": settings.PASSWORD_LOGIN,
        "request_id": getattr(request, "id", ""),
        "nearly_used_up": SimpleLazyObject(lambda: _nearly_used_up(request)),
        "listing": SimpleLazyObject(lambda: listing(request.user)),
    }


def _nearly_used_up(request):
    """Return a list of `usage.budgets.Standing` (a budget and how much of it is used), one for each
    budget of `request.user` that is nearly used up; [] without a login."""
    person = getattr(request, "user", None)
    return usage.nearly_used_up(person) if person and person.is_authenticated else []
