"""Fixture `surf` (pages in a real Chromium by Playwright, logged in) and functions for such
pages."""

import re
import shutil

import pytest
from playwright.sync_api import expect

from tests.support.visitor import session_of

# Path of Chromium; None: Playwright's own. The first one has no user interface and takes a third
# less processor time.
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "google-chrome"))), None
)
PATIENCE = 15_000  # milliseconds; against hanging, not for speed
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    # WebUIOmnibox…: the pop-up of the address bar, which each window renders unseen, at a higher
    # cost than the page. Only the last such flag counts, so PaintHolding is repeated from
    # Playwright's.
    "--disable-features=PaintHolding,WebUIOmniboxPopup,WebUIOmniboxAimPopup",
]


@pytest.fixture(scope="session")
def playwright(django_db_setup, playwright):
    """Return Playwright, with Django's check against synchronous database access from an event loop
    switched off: Playwright runs an event loop in the thread of the tests, which read the
    database."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield playwright


@pytest.fixture(scope="session")
def browser_type_launch_args():
    """Return pytest-playwright's options for the start of Chromium: FLAGS and its path."""
    return {"args": FLAGS, "executable_path": CHROMIUM}


@pytest.fixture
def surf(browser, stage):
    """Return a function that opens and returns a Playwright page: `surf(server, alice, path="/",
    **options)`, logged in as a Person (None: not). `options` are those of a browser context, like
    `java_script_enabled=False`.

    The test fails if a page has thrown an error, or logged an error or warning to its console.
    """
    contexts, faults = [], []

    def surf(server, person=None, path="/", **options):
        context = browser.new_context(base_url=server.url, **options)
        contexts.append(context)
        if person:
            cookie = {"name": "session", "value": session_of(person), "url": server.url}
            context.add_cookies([cookie])
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: _note(said, faults))
        page.goto(path)
        return page

    yield surf
    for context in contexts:
        context.close()
    assert not faults, faults


def _note(said, faults):
    """Add the text of `said`, a Playwright ConsoleMessage, to the list `faults` if it is an error
    or warning, such as a violation of the Content-Security-Policy. "Failed to load resource" is
    left out: HTTP answers other than 200 are for the tests to assert."""
    if said.type in ("error", "warning") and "Failed to load resource" not in said.text:
        faults.append(said.text)


def composer(page):
    """Return the Playwright locator of the field in which messages are written."""
    return page.get_by_label("Message", exact=True)


def send(page, text):
    """Send a message from the Playwright `page`: type `text` into the composer and press Enter."""
    composer(page).fill(text)
    composer(page).press("Enter")


def replies(page):
    """Return the Playwright locator of all replies on `page`."""
    return page.locator("article[data-role=assistant]")


def finished(page, count=1):
    """Wait until `page` shows `count` replies that are complete; return the locator of the last."""
    done = page.locator("article[data-role=assistant]:not([data-events])[data-message]")
    done.nth(count - 1).wait_for()
    return done.last


def grown(page, length=1, number=0):
    """Wait until the text of reply `number` (0 is the first on `page`) has at least `length`
    characters; return its length."""
    prose = page.locator("article[data-role=assistant] .prose").nth(number)
    expect(prose).to_have_text(re.compile(f".{{{length},}}", re.DOTALL), timeout=PATIENCE)
    return len(prose.text_content())
