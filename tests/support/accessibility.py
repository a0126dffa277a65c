"""Check of a page's accessibility with axe-core: light and dark theme, and 320 px width."""

from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe

AXE = Axe()
# What it found in order need not be listed: that is much more.
FAULTS = {"resultTypes": ["violations"]}
COLOURS = {**FAULTS, "runOnly": ["color-contrast"]}


def check(page):
    """Assert that axe-core finds no violation in the Playwright `page`, in the light theme nor
    (contrast only) in the dark, and that it needs no horizontal scrolling at a width of 320 px.

    axe-core adds style sheets to the page, which its Content-Security-Policy forbids: open the page
    by `surf` with bypass_csp=True.
    """
    size = page.viewport_size
    page.emulate_media(color_scheme="light")
    found = AXE.run(page, options=FAULTS)
    assert found.violations_count == 0, (page.url, found.generate_report())
    page.emulate_media(color_scheme="dark")
    # Already in the page, and only colours are different.
    found = AxeResults(page.evaluate("(options) => axe.run(options)", COLOURS))
    assert found.violations_count == 0, (page.url, "dark", found.generate_report())
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, page.url
    page.set_viewport_size(size)
