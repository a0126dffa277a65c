"""List of a person's sessions (where they are logged in): device, IP address and time, as recorded
at each login."""

import re
from dataclasses import dataclass
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.utils.translation import gettext as _

# Most specific first: Edge calls itself Chrome too, Chrome calls itself Safari.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True)
class SessionLook:
    """Session of a person, for display: `device` (text like "Firefox, Linux"), IP `address` and
    `since`, the time of the login; `is_current` is True for the session that shows the list."""

    device: str
    address: str
    since: datetime
    is_current: bool


def sessions_of(person, current=None):
    """Return a list of SessionLook, one for each session of `person` that has not ended, newest
    login first. `current` is the key of the session that shows the list (None: none does). Also
    deletes the rows of sessions that have ended."""
    alive = UserSession.objects.purge_and_list(person)
    alive.sort(key=lambda each: each.created_at, reverse=True)
    return [
        SessionLook(
            device_of(each.user_agent), each.ip, each.created_at, each.session_key == current
        )
        for each in alive
    ]


def device_of(user_agent):
    """Return the browser and system that `user_agent` (the HTTP header) names, like "Firefox,
    Linux"; if both are unknown, the header's first word without special characters, cut to 40
    characters, or "unknown"."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    known = ", ".join(filter(None, [browser, system]))
    return known or re.sub(r"[^\w./-]", "", user_agent.partition(" ")[0])[:40] or _("unknown")
