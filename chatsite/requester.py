"""Requester: the person whose session a request has or, where nobody is logged in, the address that
it comes from. Shares of a process (`chatsite.share`) are counted for each requester.

Without a trusted proxy (TRUSTED_PROXIES) everybody behind one proxy has the proxy's address.
"""

from collections import OrderedDict

from django.conf import settings

from chatsite.client_network import network_of

# Sessions whose person is remembered.
MOST_SESSIONS = 10_000
_people = OrderedDict()


def requester_of(scope):
    """Return a string that names whose share the request with this ASGI `scope` is counted in.

    It is "person 7", or "address 203.0.113.9" if this process does not know its session yet; no
    database query is sent.
    """
    person = _people.get(_cookie(scope))
    return f"person {person}" if person else f"address {client_address(scope)}"


def remember(request):
    """Remember which person the session of `request` belongs to, for `requester_of`.

    `request` is a Django request that was answered; without a person logged in nothing is done.
    """
    person = getattr(request, "_cached_user", None)
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    if not key or person is None or not person.is_authenticated:
        return
    _people[key] = person.pk
    _people.move_to_end(key)
    while len(_people) > MOST_SESSIONS:
        _people.popitem(last=False)


def client_address(scope):
    """Return the client's address (a string) for the request with this ASGI `scope`.

    With TRUSTED_PROXIES it is the one that these proxies report in X-Forwarded-For. Of IPv6 it is
    the network of 64 bits that one customer has; "unknown" for a socket without addresses.
    """
    addresses = []
    for name, value in scope["headers"]:
        if name == b"x-forwarded-for" and settings.TRUSTED_PROXIES:
            addresses += value.decode("latin-1").split(",")
    addresses.append((scope.get("client") or ("unknown",))[0])
    # Each proxy adds who spoke to it: the last ones are those that ours added.
    at = min(settings.TRUSTED_PROXIES + 1, len(addresses))
    return network_of(addresses[-at].strip())


def _cookie(scope):
    """Return the session key in the cookies of the request with this ASGI `scope`; None if none."""
    wanted = settings.SESSION_COOKIE_NAME
    for name, value in scope["headers"]:
        if name == b"cookie":
            for pair in value.decode("latin-1").split(";"):
                key, _equals, content = pair.strip().partition("=")
                if key == wanted:
                    return content
    return None
