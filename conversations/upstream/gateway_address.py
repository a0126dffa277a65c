"""Checks of the configured address and headers of the gateway, before anything is sent."""

from collections.abc import Mapping

import httpx

HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": f"python-httpx/{httpx.__version__}",
}


def root_of(base_url: str) -> httpx.URL:
    """Return the URL that `/responses` and `/models` are appended to.

    `base_url` is the configured address, with or without `/v1` or `/responses`; without a path
    `/v1` is added. Raises ValueError for an address that cannot be used; its text does not repeat
    the address.
    """
    try:
        url = httpx.URL(base_url.strip())
    except (httpx.InvalidURL, TypeError, ValueError) as error:
        raise ValueError(f"not an address: {error}") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError("the address must begin with http:// or https:// and name a host")
    try:
        # Else it would only show when the first response is asked for.
        url.host.encode("idna")
    except UnicodeError:
        raise ValueError("the address does not name a host") from None
    if b"%" in url.raw_host:
        raise ValueError("the address does not name a host")
    if url.userinfo:
        raise ValueError("the address must not contain a user or a password")
    path = url.path.rstrip("/").removesuffix("/responses") or "/v1"
    return url.copy_with(path=path, fragment=None)


def headers_with(api_key: str, headers: Mapping[str, str]) -> httpx.Headers:
    """Return the headers for every request: HEADERS, replaced or extended by `headers` and the key.

    Names are compared without case. `api_key` "" sends no Authorization of its own. Raises
    ValueError for a name or value that is not printable ASCII.
    """
    all_headers = dict(headers)
    # An empty `Bearer ` is not a legal header.
    if api_key:
        all_headers["Authorization"] = f"Bearer {api_key}"
    for key, value in all_headers.items():
        if not (f"{key}{value}".isascii() and f"{key}{value}".isprintable()) or not key.strip():
            raise ValueError("the key and the headers must be printable ASCII")
    sent = httpx.Headers(HEADERS)
    sent.update(all_headers)
    return sent
