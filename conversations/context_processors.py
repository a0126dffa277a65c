"""Template context processors: values for all pages."""

from django.conf import settings
from django.utils.functional import SimpleLazyObject

from conversations import usage
from conversations.conversation_list.sidebar import listing


def site(request):
    """The context of all templates: name of the site, limits, and lazily the list of conversations
    and the budgets that are nearly used up. Queries run only when a template reads them."""
    return {
        "site_name": settings.SITE_NAME,
        "demo": settings.DEMO,
        "currency": settings.CURRENCY,
        "max_body": settings.MAX_BODY,
        "signup_open": settings.SIGNUP == "open",
        "request_id": getattr(request, "id", ""),
        "nearly_used_up": SimpleLazyObject(lambda: _nearly_used_up(request)),
        "listing": SimpleLazyObject(lambda: listing(request.user)),
    }


def _nearly_used_up(request):
    """A list of the Standings of budgets that are nearly used up; empty without a login."""
    person = getattr(request, "user", None)
    return usage.nearly_used_up(person) if person and person.is_authenticated else []
