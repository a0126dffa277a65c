"""Script that takes the screenshots of docs/screenshots: `python -m bench.screenshots`, or `make
screenshots`.

It starts a server with the demo model and a Chromium. Usual pages are taken in both themes, on a
desktop and on a phone; rarer states of pages once each. With words as arguments, as in `python -m
bench.screenshots queued phone`, only those are taken whose file names contain one of the words. The
environment variable SCREENSHOTS names another folder for them.
"""

import os
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

from bench.page import prepare, wait_for
from bench.story import tell, tell_states

DESKTOP = {"viewport": {"width": 1280, "height": 960}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
SCREENS = {"": DESKTOP, "-phone": PHONE}
# For the many rarer states: small, so that the repository stays small.
STATE = {"viewport": {"width": 1100, "height": 720}}
# The widths that WCAG 2.2 names: 1.4.10 Reflow asks for 320 px, which is 1280 px zoomed to 400 %.
NARROW = {"viewport": {"width": 320, "height": 640}}
ZOOMED = {"viewport": {"width": 320, "height": 256}, "device_scale_factor": 2}


def main():
    """Start a server with a temporary database, take the screenshots and stop the server."""
    with tempfile.TemporaryDirectory() as folder:
        prepare(folder)
        server = subprocess.Popen(
            (sys.executable, *"-m gunicorn -c gunicorn.conf.py chatsite.asgi:application".split()),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            take(sys.argv[1:])
        finally:
            server.terminate()
            server.wait(60)


def take(words):
    """Take the screenshots whose file names contain one of `words` (a list; empty: all), and write
    them as PNG files to docs/screenshots, or to the folder in the environment variable
    SCREENSHOTS."""
    from django.conf import settings
    from playwright.sync_api import sync_playwright

    from tests.support.browser import CHROMIUM
    from tests.support.visitor import session_of

    person, conversation = tell()
    states = tell_states(person)
    url = f"http://127.0.0.1:{os.environ['PORT']}"
    wait_for(url)
    newcomer = type(person).objects.create_user("bob", "bob@example.org", "correct horse")
    cookies = {
        each: {"name": "session", "value": session_of(each), "url": url}
        for each in (person, newcomer)
    }
    folder = Path(os.environ.get("SCREENSHOTS") or settings.BASE_DIR / "docs" / "screenshots")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-background-networking", "--hide-scrollbars"],
        )
        # Rare states first: one has a reply that no process writes; after 15 s it is declared dead.
        for name, path, options, act in [*shown(conversation, states), *pages(conversation)]:
            if words and not any(word in name for word in words):
                continue
            context = browser.new_context(**options)
            if not name.startswith("login"):
                context.add_cookies([cookies[newcomer if "empty" in name else person]])
            page = context.new_page()
            page.goto(url + path, wait_until="networkidle")
            if act:
                act(page)
            (folder / f"{name}.png").write_bytes(smaller(page.screenshot()))
            context.close()
        browser.close()


def pages(conversation):
    """Yield `(file name, path of the URL, options of Playwright's new_context, None)` for each
    screenshot of a usual page; `conversation` is the Conversation to show."""
    paths = {
        "login": "/accounts/login/",
        "new": "/",
        "conversation": conversation.get_absolute_url(),
        "search": "/search/?q=retry",
        "account": "/account/",
    }
    for theme in ("light", "dark"):
        for screen, options in SCREENS.items():
            for name, path in paths.items():
                yield f"{name}-{theme}{screen}", path, {**options, "color_scheme": theme}, None


def shown(conversation, states):
    """Yield `(file name, path of the URL, options of Playwright's new_context, function)` for each
    screenshot of a rarer state of a page. The function, or None, is called with the Playwright page
    before the screenshot. `conversation` is a usual Conversation, `states` has others by the names
    of their states."""
    path = conversation.get_absolute_url()
    for name, of_state in states.items():
        at = of_state.get_absolute_url()
        yield f"state-{name}", at, STATE, None
        yield f"state-{name}-phone", at, {**PHONE, "color_scheme": "dark"}, None
    yield "state-empty", "/", STATE, None
    yield "state-thoughts", path, STATE, open_thoughts
    yield "state-shortcuts", path, STATE, lambda page: page.keyboard.press("Control+/")
    yield "state-narrow", path, NARROW, None
    yield "state-zoomed", path, ZOOMED, None
    yield "state-forced-colors", path, {**STATE, "forced_colors": "active"}, None
    yield "state-chinese", path, {**STATE, "locale": "zh-CN"}, None
    yield "login-chinese", "/accounts/login/", {**PHONE, "locale": "zh-CN"}, None


def open_thoughts(page):
    """Open the first collapsed reasoning on the Playwright `page` and scroll to it."""
    page.locator(".thinking summary").first.click()
    page.locator(".thinking").first.scroll_into_view_if_needed()


def smaller(png):
    """Return the PNG image `png` (bytes), losslessly compressed as well as zlib can."""
    head, chunks, at, data = png[:8], [], 8, b""
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        if kind == b"IDAT":
            data += body
        else:
            chunks.append((kind, body))
        at += length + 12
    chunks.insert(-1, (b"IDAT", zlib.compress(zlib.decompress(data), 9)))
    written = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
    return min(png, head + written, key=len)


if __name__ == "__main__":
    main()
