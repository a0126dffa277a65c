"""Whether everybody can use a page: axe-core, both themes, a small screen."""

from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe

AXE = Axe()
# What it found in order need not be listed: that is much more.
FAULTS = {"resultTypes": ["violations"]}
COLOURS = {**FAULTS, "runOnly": ["color-contrast"]}


def check(page):
    """axe-core finds nothing, nor in the other theme; 320 px are wide enough.

    The checker styles what it looks at, which the policy forbids: `surf` with bypass_csp=True.
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
