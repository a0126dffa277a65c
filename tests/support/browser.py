"""A person at a real browser: `surf(server, alice)` opens a page in Chromium, logged in."""

import re
import shutil

import pytest
from playwright.sync_api import expect

from tests.support.visitor import session_of

# The first is the engine without the windows around it, and takes a third less of processor time.
# None: Playwright's own.
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "google-chrome"))), None
)
PATIENCE = 15_000  # milliseconds; against hanging, not for speed
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    # What an address bar would unfold: drawn unseen for each window, it costs more than the page.
    # The last list counts, so of Playwright's own it has what changes how a page is shown.
    "--disable-features=PaintHolding,WebUIOmniboxPopup,WebUIOmniboxAimPopup",
]


@pytest.fixture(scope="session")
def playwright(django_db_setup, playwright):
    """Playwright runs an event loop in this very thread, and tests read the database."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield playwright


@pytest.fixture(scope="session")
def browser_type_launch_args():
    return {"args": FLAGS, "executable_path": CHROMIUM}


@pytest.fixture
def surf(browser, stage):
    """Opens pages: `surf(server, alice, path="/", **context)`; what they complain of is a fault.

    `context` are Playwright's options of a context, like `java_script_enabled=False`.
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
    """Policies that were broken; answers other than 200 are for the tests themselves."""
    if said.type in ("error", "warning") and "Failed to load resource" not in said.text:
        faults.append(said.text)


def composer(page):
    return page.get_by_label("Message", exact=True)


def send(page, text):
    """Type `text` and press Enter."""
    composer(page).fill(text)
    composer(page).press("Enter")


def replies(page):
    return page.locator("article[data-role=assistant]")


def finished(page, count=1):
    """Wait until `count` replies stand there finished, and give the last."""
    done = page.locator("article[data-role=assistant]:not([data-events])[data-message]")
    done.nth(count - 1).wait_for()
    return done.last


def grown(page, length=1, number=0):
    """Wait until the text of reply `number` has at least `length` characters; give its length."""
    prose = page.locator("article[data-role=assistant] .prose").nth(number)
    expect(prose).to_have_text(re.compile(f".{{{length},}}", re.DOTALL), timeout=PATIENCE)
    return len(prose.text_content())
