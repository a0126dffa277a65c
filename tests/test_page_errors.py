"""The pages nobody wants to see, and those seldom seen: for everybody, in both themes."""

import pytest
from django.shortcuts import render
from django.test import RequestFactory

from conversations.models import Feedback, QueuedMessage
from tests.support.accessibility import check
from tests.support.review_stage import converse

pytestmark = pytest.mark.browser

CODES = (400, 403, 404, 413, 429, 500, 503)


def test_pages_for_errors_are_for_everybody(server, surf):
    page = surf(server, path="/accounts/login/", bypass_csp=True)
    style = page.locator("link[rel=stylesheet]").get_attribute("href")
    request = RequestFactory().get("/")
    request.id = "0123456789abcdef"
    for code in CODES:
        # As the views make them, but with the style sheet of the server.
        html = render(request, f"{code}.html").text
        html = html.replace("/static/conversations/css/app.css", style)
        page.route(f"{server.url}/{code}/", _fulfilling(html))
        page.goto(f"/{code}/")
        assert page.get_by_text("0123456789abcdef").is_visible()
        assert page.evaluate("document.styleSheets[0].cssRules.length") > 100
        check(page)


def test_the_first_visit_is_for_everybody(server, surf, transactional_db):
    page = surf(server, path="/setup/", bypass_csp=True)
    check(page)
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password", exact=True).fill("12345678")
    page.get_by_label("Password confirmation").fill("12345678")
    page.get_by_role("button").click()
    page.get_by_text("too common").wait_for()
    check(page)


def test_pages_that_keep_a_text_are_for_everybody(server, surf, alice):
    conversation = converse(alice)
    page = surf(server, alice, bypass_csp=True)
    _submit(page, csrfmiddlewaretoken="x" * 64)
    page.get_by_role("heading", name="form").wait_for()
    check(page)
    page.goto("/")
    page.context.clear_cookies(name="session")
    _submit(page)
    page.get_by_role("textbox").wait_for()
    assert page.get_by_role("textbox").input_value() == "Kept"
    check(page)
    page = surf(server, alice, bypass_csp=True)
    reply = conversation.active
    Feedback.objects.create(message=reply, value="bad", comment="Wrong.")
    QueuedMessage.objects.create(
        conversation=conversation, text="Later", submission=conversation.pk
    )
    for path in (
        f"/messages/{reply.pk}/feedback/",
        f"{conversation.get_absolute_url()}queued/",
        conversation.get_absolute_url(),
    ):
        page.goto(path)
        check(page)


def _fulfilling(html):
    return lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8")


def _submit(page, **fields):
    """Send the composer's form as a browser without the script does."""
    page.evaluate(
        """(fields) => {
            const form = document.getElementById("composer");
            for (const name in fields) form.elements[name].value = fields[name];
            form.submit();
        }""",
        {"text": "Kept", **fields},
    )
