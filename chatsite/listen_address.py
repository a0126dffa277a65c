"""Addresses that the server listens on, as the settings BIND and PORT name them.

Only Python's own library: the health check of a container (chatsite/healthcheck.py) starts often.
"""

import ipaddress
import re

PORTS = range(1, 65_536)
_WITH_PORT = re.compile(r"(?P<host>\[[^]]*\]|[^:]*):(?P<port>[0-9]{1,5})")


def listen_addresses(text, port):
    """Return the addresses in `text`, separated by commas, as a list of "HOST:PORT".

    Each is an IP address or `localhost`, and may have a port of its own after a colon; an IPv6
    address stands in brackets then, as [::1]:8000. The others get `port`, an int. Raises ValueError
    with the part of `text` that is no such address.
    """
    found = []
    for word in filter(None, map(str.strip, text.split(","))):
        parts = _WITH_PORT.fullmatch(word)
        host = parts["host"] if parts else word
        own_port = int(parts["port"]) if parts else port
        if own_port not in PORTS:
            raise ValueError(word)
        found.append(f"{_host(host, word)}:{own_port}")
    if not found:
        raise ValueError(text)
    return found


def _host(host, word):
    """Return `host`, an IP address or "localhost", as it is written before ":PORT" (IPv6 in
    brackets). Raise ValueError with `word`, the part of the setting that it is from, if it is
    neither."""
    if host == "localhost":
        return host
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        address = ipaddress.ip_address(bare)
    except ValueError as error:
        raise ValueError(word) from error
    if address.version == 4 and bare != host:
        raise ValueError(word)
    return f"[{bare}]" if address.version == 6 else bare


def reachable_from_here(address):
    """Return `(host, port)` by which a program on the same machine reaches the server that listens
    on `address`, "HOST:PORT": of 0.0.0.0 and [::], which are all addresses of the machine, the
    loopback one. `host` has no brackets."""
    host, _, port = address.rpartition(":")
    host = {"0.0.0.0": "127.0.0.1", "[::]": "::1"}.get(host, host)  # noqa: S104 (compared only)
    return host.strip("[]"), int(port)
