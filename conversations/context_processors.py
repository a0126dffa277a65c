"""What every page may show: the site's name, the list of conversations, the demo's banner."""

from django.conf import settings
from django.utils.functional import SimpleLazyObject

from conversations import usage
from conversations.conversation_list.sidebar import listing


def site(request):
    """Context for all templates; nothing is read from the database until a page shows it."""
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
    person = getattr(request, "user", None)
    return usage.nearly_used_up(person) if person and person.is_authenticated else []
