"""What every page may show: the site's name, the list of conversations, the demo's banner."""

from django.conf import settings
from django.utils.functional import SimpleLazyObject

from conversations import usage
from conversations.models import Conversation

SIDEBAR = 50


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
        "sidebar": SimpleLazyObject(lambda: _sidebar(request)),
    }


def _nearly_used_up(request):
    person = getattr(request, "user", None)
    return usage.nearly_used_up(person) if person and person.is_authenticated else []


def _sidebar(request):
    person = getattr(request, "user", None)
    if person is None or not person.is_authenticated:
        return []
    return list(Conversation.objects.of(person).listed()[:SIDEBAR])
