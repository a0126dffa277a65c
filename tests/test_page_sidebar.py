"""The list of conversations at a real browser: kept true, loaded further, and its panel."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from conversations.models import Conversation
from tests.support.accessibility import check
from tests.support.browser import composer, finished, grown, send
from tests.support.review_stage import converse

pytestmark = pytest.mark.browser

LISTED = "#conversations li"


def row(page, title):
    return page.locator(LISTED).filter(has_text=title)


def open_panel(page, title):
    row(page, title).hover()
    row(page, title).get_by_role("link", name="Rename, pin, delete").click()
    return page.locator("#manage")


def test_what_is_written_elsewhere_shows_by_a_spinner_then_a_dot(
    server, surf, visit, alice, gateway
):
    page = surf(server, alice)
    gateway.will(pieces=80, pace=0.1)
    visit(server, alice).ask("From another device")
    page.evaluate("document.dispatchEvent(new Event('listed'))")
    expect(row(page, "From another device")).to_have_attribute("data-state", "writing")
    # It asks again by itself while a reply is being written.
    expect(row(page, "From another device")).to_have_attribute(
        "data-state", "unseen", timeout=20_000
    )
    page.get_by_role("link", name="From another device", exact=True).click()
    expect(row(page, "From another device")).not_to_have_attribute("data-state", "unseen")
    deadline = timezone.now() + timedelta(seconds=10)
    while Conversation.objects.get().unseen and timezone.now() < deadline:
        page.wait_for_timeout(50)
    assert not Conversation.objects.get().unseen


def test_a_reply_that_is_watched_is_seen(server, surf, alice, gateway):
    gateway.will(pieces=20, pace=0.05)
    page = surf(server, alice)
    send(page, "Watched")
    finished(page)
    expect(row(page, "Watched")).not_to_have_attribute("data-state", "writing")
    page.wait_for_timeout(300)
    assert not Conversation.objects.get().unseen


def test_hidden_pages_do_not_ask(server, surf, alice, gateway):
    gateway.will(pieces=400, pace=0.05)
    page = surf(server, alice)
    send(page, "Long")
    grown(page)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate(
        "Object.defineProperty(document, 'hidden', { value: true, configurable: true });"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    page.wait_for_timeout(4_000)
    assert not [url for url in asked if "/conversations/?" in url]


def test_rename_in_place(server, surf, alice):
    conversation = converse(alice, title="Before")
    page = surf(server, alice, f"/conversations/{conversation.pk}/")
    panel = open_panel(page, "Before")
    panel.get_by_label("Title").fill("After & beyond")
    panel.get_by_label("Title").press("Enter")
    expect(row(page, "After & beyond")).to_be_visible()
    expect(page.locator("#title")).to_have_text("After & beyond")
    assert page.title().startswith("After & beyond")
    assert Conversation.objects.get().title_source == "person"


def test_the_panel_stays_when_the_pointer_leaves_the_row(server, surf, alice):
    converse(alice, title="One")
    page = surf(server, alice)
    pin = open_panel(page, "One").get_by_role("button", name="Pin")
    pin.wait_for()
    page.mouse.move(900, 100)
    page.wait_for_timeout(200)
    pin.click(trial=True, timeout=1_000)


def test_pin_and_delete_with_undo(server, surf, alice):
    converse(alice, title="One")
    converse(alice, title="Two")
    page = surf(server, alice)
    open_panel(page, "One").get_by_role("button", name="Pin").click()
    expect(page.locator("#conversations h2").first).to_have_text("Pinned")
    open_panel(page, "Two").get_by_role("button", name="Delete").click()
    expect(row(page, "Two")).to_have_count(0)
    assert page.url == f"{server.url}/"
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#title")).to_have_text("Two")
    assert Conversation.objects.get(title="Two").trashed_at is None


def test_deleting_what_is_shown_leads_home(server, surf, alice):
    conversation = converse(alice, title="Shown")
    page = surf(server, alice, f"/conversations/{conversation.pk}/")
    page.locator("header [data-manage]").click()
    page.locator("#manage").get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Undo").wait_for()
    assert page.url == f"{server.url}/"
    assert Conversation.objects.get().trashed_at


def test_the_list_loads_further_as_one_goes_on(server, surf, alice):
    now = timezone.now()
    Conversation.objects.bulk_create(
        Conversation(owner=alice, title=f"c{n}", updated_at=now - timedelta(hours=n))
        for n in range(130)
    )
    page = surf(server, alice)
    expect(page.locator(LISTED)).to_have_count(50)
    for count in (100, 130):
        page.locator("[data-older]").scroll_into_view_if_needed()
        expect(page.locator(LISTED)).to_have_count(count)
    headings = page.locator("#conversations h2").all_text_contents()
    assert len(headings) == len(set(headings))
    page.evaluate("document.dispatchEvent(new Event('listed'))")
    page.wait_for_timeout(500)
    expect(page.locator(LISTED)).to_have_count(130)


def test_a_draft_and_the_list_survive_each_other(server, surf, alice):
    converse(alice, title="One")
    page = surf(server, alice)
    composer(page).fill("half a thought")
    open_panel(page, "One").get_by_role("button", name="Pin").click()
    expect(page.locator("#conversations h2").first).to_have_text("Pinned")
    assert composer(page).input_value() == "half a thought"


def test_all_of_it_without_the_script(server, surf, alice):
    conversation = converse(alice, title="Before")
    page = surf(server, alice, java_script_enabled=False)
    page.goto(f"/conversations/{conversation.pk}/manage/")
    page.locator("main").get_by_label("Title").fill("After")
    page.locator("main").get_by_role("button", name="Rename").click()
    assert page.url == f"{server.url}/conversations/{conversation.pk}/"
    page.goto(f"/conversations/{conversation.pk}/manage/")
    page.locator("main").get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Undo").click()
    page.get_by_label("Search conversations").fill("after")
    page.get_by_label("Search conversations").press("Enter")
    assert page.locator(".found mark").first.inner_text() == "After"


def test_a_place_that_was_found_is_in_sight(server, surf, alice):
    from conversations.search import index

    conversation = converse(alice)
    index.add_conversation(conversation.pk)
    page = surf(server, alice, "/search/?q=another")
    page.locator(".found__place").click()
    expect(page.locator("article:target")).to_be_in_viewport()


def test_nothing_for_axe_to_find(server, surf, alice):
    conversation = converse(alice, title="One", unseen=True)
    converse(alice, title="Two", archived_at=timezone.now())
    converse(alice, title="Three", trashed_at=timezone.now())
    page = surf(server, alice, bypass_csp=True)
    addresses = ["/search/?q=secret", "/search/", "/archive/", "/trash/", "/trash/empty/", "/data/",
                 "/conversations/", f"/conversations/{conversation.pk}/manage/"]  # fmt: skip
    for address in addresses:
        page.goto(address)
        check(page)
    page.goto("/")
    open_panel(page, "One")
    check(page)
