"""Links to absolute http, https and mailto URLs, followed by the true host where their text hides
it."""

import re
from html import escape, unescape
from urllib.parse import unquote

from .host_claims import pretends, visible

WEB = re.compile(r"https?://([^/?#\\]*)", re.I)
MAIL = re.compile(r"mailto:([^?]+)", re.I)
# Chinese text goes on after an address without a space.
CHINESE_MARKS = "，。、；：！？（）【】「」『』《》“”"
HOST = re.compile(r"(?=.{1,253}$)(?=.*[a-z0-9])[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?$")
ADDRESS = re.compile(r"\[[0-9a-f:.]+\]$")
SAFELY = ' target="_blank" rel="noopener noreferrer nofollow"'
TAG = re.compile(r"<[^<>]*>")


def link(url: str, inner: str, kind: str = "") -> str:
    """Return the HTML of a link to `url` around `inner`, which is HTML; `inner` alone if `url` is
    not an absolute http, https or mailto URL with a host that can exist.

    The host follows in brackets where `inner` reads as another host, and always where the URL hides
    it behind a user name or has letters other than a-z in it. If nothing of `inner` is visible the
    host takes its place. `kind` is a CSS class for the link, "" for none.
    """
    target, hidden = destination(url)
    if not target:
        return inner
    text = unescape(TAG.sub("", inner))
    if not visible(text).strip():
        inner = escape(target, quote=False)
        text = target
    # A number as text is that of a source: the style sheet sets it apart from digits around it.
    number = ' class="reference"' if not kind and inner.isdecimal() else ""
    marked = f' class="{kind}"' if kind else ""
    shown = f'<a{marked} href="{escape(url)}"{number}{SAFELY}>{inner}</a>'
    if hidden or pretends(text, target):
        shown += f' <span class="host">({escape(target, quote=False)})</span>'
    return shown


def destination(url: str) -> tuple[str, bool]:
    """Return the host (of a mailto URL the mail address) that `url` leads to, and True if the URL
    disguises it by a user name or letters other than a-z.

    The host is "" if `url` is not an absolute http, https or mailto URL with a host that can exist.
    """
    if match := MAIL.match(url):
        return unquote(match[1])[:320], False
    match = WEB.match(url)
    if not match:
        return "", False
    _, at, place = match[1].rpartition("@")
    host = place if place.endswith("]") else re.sub(r":[0-9]*$", "", place)
    host = unquote(host).lower()
    foreign = not host.isascii() or "xn--" in host
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return "", False
    if not HOST.match(host) and not ADDRESS.match(host):
        return "", False
    return host, bool(at) or foreign
