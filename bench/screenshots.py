"""Takes the pictures of docs/screenshots: `python -m bench.screenshots`, or `make screenshots`.

A real server with the demo model, a real Chromium; both themes, desktop and phone.
"""

import os
import subprocess
import sys
import tempfile

from bench.page import prepare, wait_for
from bench.story import tell

SCREENS = {
    "": {"viewport": {"width": 1280, "height": 960}},
    "-phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
}


def main():
    with tempfile.TemporaryDirectory() as folder:
        prepare(folder)
        server = subprocess.Popen(
            (sys.executable, *"-m gunicorn -c gunicorn.conf.py chatsite.asgi:application".split()),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            take()
        finally:
            server.terminate()
            server.wait(60)


def take():
    from django.conf import settings
    from playwright.sync_api import sync_playwright

    from tests.support.browser import CHROMIUM
    from tests.support.visitor import session_of

    person, conversation = tell()
    url = f"http://127.0.0.1:{os.environ['PORT']}"
    wait_for(url)
    cookie = {"name": "session", "value": session_of(person), "url": url}
    pages = {
        "login": "/accounts/login/",
        "new": "/",
        "conversation": conversation.get_absolute_url(),
        "search": "/search/?q=retry",
        "account": "/account/",
    }
    folder = settings.BASE_DIR / "docs" / "screenshots"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-background-networking", "--hide-scrollbars"],
        )
        for theme in ("light", "dark"):
            for screen, options in SCREENS.items():
                context = browser.new_context(**options, color_scheme=theme)
                for name, path in pages.items():
                    context.clear_cookies()
                    if name != "login":
                        context.add_cookies([cookie])
                    page = context.new_page()
                    page.goto(url + path, wait_until="networkidle")
                    page.screenshot(path=folder / f"{name}-{theme}{screen}.png")
                    page.close()
                context.close()
        browser.close()


if __name__ == "__main__":
    main()
