"""The administration in a browser: usable by everybody, in the theme of the account."""

import pytest

from conversations.models import Person, Price
from tests.support.accessibility import check

pytestmark = pytest.mark.browser

BODY = "getComputedStyle(document.body).backgroundColor"


def test_everybody_can_use_its_pages(surf, server, administrator):
    Price.objects.create(model="test-model", input="2.5", output=10)
    page = surf(server, administrator, "/admin/", bypass_csp=True)
    for path in (
        "/admin/",
        "/admin/settings/",
        "/admin/conversations/price/",
        "/admin/conversations/price/add/",
    ):
        page.goto(path)
        check(page)


def test_its_theme_is_that_of_the_account(surf, server, administrator):
    seen = {}
    for theme, system in (("light", "dark"), ("dark", "light"), ("system", "dark")):
        Person.objects.filter(pk=administrator.pk).update(theme=theme)
        page = surf(server, administrator, "/", color_scheme=system)
        site = page.evaluate(BODY.replace("document.body", "document.documentElement"))
        page.goto("/admin/")
        seen[theme] = page.evaluate(BODY)
        assert seen[theme] == site
        page.context.close()
    assert seen["dark"] == seen["system"] != seen["light"]
