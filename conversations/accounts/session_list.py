"""The list of a person's sessions: device, address and times, as noted at each login."""

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
    """What a person reads of one session: `device` like "Firefox, Linux", the IP `address` and the
    time of the login; `is_current` is that of the page itself."""

    device: str
    address: str
    since: datetime
    is_current: bool


def sessions_of(person, current=None):
    """Return a list of SessionLook, one for each living session of `person`, newest login first;
    `current` is the session key of the page that shows them. Rows of sessions that have ended are
    deleted meanwhile."""
    alive = UserSession.objects.purge_and_list(person)
    alive.sort(key=lambda each: each.created_at, reverse=True)
    return [
        SessionLook(
            device_of(each.user_agent), each.ip, each.created_at, each.session_key == current
        )
        for each in alive
    ]


def device_of(user_agent):
    """Return browser and system that the header `user_agent` names, like "Firefox, Linux"; of one
    that is not known its first word, without anything but letters, digits, dots and slashes."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    known = ", ".join(filter(None, [browser, system]))
    return known or re.sub(r"[^\w./-]", "", user_agent.partition(" ")[0])[:40] or _("unknown")
