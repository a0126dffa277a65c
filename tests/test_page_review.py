"""The review in a browser: a reviewer's way through it, without the script too, for everybody."""

import pytest

from conversations.models import Feedback, Response, ReviewMark
from tests.support.accessibility import check
from tests.support.review_stage import converse

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("script", [True, False])
def test_a_reviewer_reads_flags_and_goes_on(server, surf, alice, reviewer, script):
    first, second = converse(alice), converse(alice)
    page = surf(server, reviewer, "/review/", java_script_enabled=script)
    page.get_by_role("row").nth(1).get_by_role("link").click()
    page.get_by_label("Reason", exact=True).select_option("Quality check")
    page.get_by_label("Explanation").fill("Once a month.")
    page.get_by_label("Use this reason").check()
    page.get_by_role("button", name="Open").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Secret title"
    page.get_by_role("button", name="Flag", exact=True).click()
    page.get_by_label("Note").fill("Looks well.")
    page.get_by_role("button", name="Add the note").click()
    assert page.get_by_text("Looks well.").is_visible()
    page.locator("details.review__call summary").first.click()
    page.get_by_role("link", name="Exact input").first.click()
    assert page.get_by_text('"input"').is_visible()
    page.get_by_role("link", name="Back to the conversation").click()
    page.get_by_role("button", name="Reviewed, next").click()
    page.wait_for_url(f"**/review/{first.pk}/")
    assert page.get_by_text("my secret").is_visible()
    mark = ReviewMark.objects.get(conversation=second)
    assert mark.flagged_at and mark.reviewed_at


def test_axe_finds_nothing(server, surf, alice, reviewer, administrator):
    conversation = converse(alice)
    Response.objects.filter(conversation=conversation).update(
        status="failed", error_code="connect", refusal="No."
    )
    page = surf(server, reviewer, "/review/", bypass_csp=True)
    check(page)
    page.goto("/review/?person=nobody")
    check(page)
    page.goto(f"/review/{conversation.pk}/")
    check(page)
    page.get_by_label("Reason", exact=True).select_option("Other")
    page.get_by_label("Explanation").fill("Once a month.")
    page.get_by_role("button", name="Open").click()
    page.get_by_label("Note").fill("Looks well.")
    page.get_by_role("button", name="Add the note").click()
    for call in page.locator("details.review__call summary").all():
        call.click()
    check(page)
    page.get_by_role("link", name="Exact input").first.click()
    check(page)
    page = surf(server, administrator, "/review/log/", bypass_csp=True)
    check(page)
    page = surf(server, alice, "/account/", bypass_csp=True)
    check(page)


def test_the_queue_is_no_wider_than_a_small_screen(server, surf, alice, reviewer):
    conversation = converse(alice)
    Feedback.objects.create(message=conversation.active, value="bad")
    page = surf(server, reviewer, "/review/", viewport={"width": 320, "height": 640})
    assert page.get_by_role("row").count() == 2
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
