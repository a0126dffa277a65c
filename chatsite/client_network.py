"""Network of a client: what counts as one address in limits. Imports no Django, since gunicorn's
master imports it."""

import ipaddress


def network_of(text):
    """Return the IP address in `text`, of IPv6 its network of 64 bits; other text is cut off."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text[:50]
    if address.version == 6 and not address.ipv4_mapped:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address.ipv4_mapped if address.version == 6 else address)
