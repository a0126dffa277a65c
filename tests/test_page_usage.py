"""The pages of usage in a browser: readable for everybody, with and without the script."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from conversations.models import Budget, Price
from tests.support.accessibility import check
from tests.support.ledger_rows import REPORTED, STOPPED, past_call

pytestmark = pytest.mark.browser
PAGES = (
    "/usage/",
    "/usage/?by=conversation",
    "/usage/people/",
    "/usage/people/?by=model&sort=-coverage",
    "/usage/people/alice/",
    "/usage/people/?from=nonsense",
    "/usage/costs/",
)


@pytest.fixture
def used(alice, administrator):
    """A week of calls of two people, one of them near the end of a budget."""
    now = timezone.now()
    Price.objects.create(model="gpt-4o", input=2, output=8, valid_from=now - timedelta(days=99))
    for days in range(7):
        past_call(alice, now - timedelta(days=days), {**REPORTED, "reported_cost": Decimal(days)})
        past_call(administrator, now - timedelta(days=days), STOPPED, model="unknown")
    Budget.objects.create(person=administrator, period="month", metric="replies", limit=8)


def test_axe_finds_nothing(server, surf, administrator, used):
    page = surf(server, administrator, bypass_csp=True)
    for address in PAGES:
        page.goto(address)
        check(page)


def test_everything_is_there_without_the_script(server, surf, administrator, used):
    page = surf(server, administrator, "/usage/people/", java_script_enabled=False)
    bars = page.get_by_role("img", name="Bars of the cost")
    assert bars.locator("rect").count() >= 1
    page.get_by_role("link", name="Last 30 days").click()
    page.get_by_role("link", name="By model").click()
    assert page.get_by_role("row", name="gpt-4o").is_visible()
    page.get_by_role("link", name="Replies").click()
    assert page.get_by_role("columnheader", name="Replies").get_attribute("aria-sort")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    lines = download.value.path().read_text().splitlines()
    assert lines[0].startswith("model,replies,")
    assert len(lines) == 3


def test_bars_are_drawn_in_the_colours_of_the_theme(server, surf, administrator, used):
    colours = set()
    for theme in ("light", "dark"):
        page = surf(server, administrator, "/usage/people/", color_scheme=theme)
        bar = page.locator(".chart rect").first
        colours.add(bar.evaluate("bar => getComputedStyle(bar).fill"))
        assert bar.bounding_box()["height"] > 1
    assert len(colours) == 2
