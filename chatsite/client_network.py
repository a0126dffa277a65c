"""Network of a client: what counts as one address in limits. Imports no Django, since gunicorn's
master imports it."""

import ipaddress


def network_of(text):
    """Return the network that the IP address `text` counts as, as text: an IPv4 address, also one
    mapped into IPv6, itself; of another IPv6 address its network of 64 bits ("2001:db8::/64").
    Text that is no address is returned, cut to 50 characters."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text[:50]
    if address.version == 6 and not address.ipv4_mapped:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address.ipv4_mapped if address.version == 6 else address)
