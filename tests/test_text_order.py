"""Names, titles and error messages that turn the order of text around: nothing beside them is."""

from html.parser import HTMLParser

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from conversations.models import (
    Budget,
    Conversation,
    LanguageModel,
    Person,
    Price,
    Response,
    ReviewAccess,
    ToolPrice,
    UsageRollup,
    UsageScope,
)
from conversations.rendering.isolated_text import isolated, isolated_html
from conversations.transfer.report import Report
from tests.support.review_stage import converse, opened

pytestmark = pytest.mark.once

# Each has a word to find it by, an override and an isolate that nothing ends, an end that nothing
# began, a mark, and letters that run from right to left.
TURNED = "\u2069\u202e\u2066\u200fשלום"
FIRST, MODEL, GROUP, TITLE, SAID, WHY, CODE, FILE = (
    f"{word}{TURNED}"
    for word in ("Fi6rst", "Mo6del", "Gr6oup", "Ti6tle", "Sa6id", "Wh6y", "Co6de", "Fi6le")
)
WORDS = [text.removesuffix(TURNED) for text in (FIRST, MODEL, GROUP, TITLE, SAID, WHY, CODE, FILE)]
ENDS = {"\u2068": "\u2069", "\u2066": "\u2069", "\u2067": "\u2069"}
CONTROLS = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Each is a paragraph of its own for the order of text.
BLOCKS = {"td", "th", "li", "dd", "option", "p", "h1", "h2", "pre", "textarea", "h4"}
VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "use", "path", "line", "rect"}


class Page(HTMLParser):
    """Collects the texts of a page that are found by one of WORDS: `unisolated` where they could
    turn what stands beside them, and `loose` texts whose controls are not in pairs. With `django`,
    for pages of Django's administration, controls may be where nothing stands beside them."""

    def __init__(self, html, django=False):
        super().__init__()
        self.open, self.closed, self.django = [], [], django
        self.count, self.unisolated, self.loose = 0, [], []
        self.feed(html)
        self.close()
        for text, ancestors in self.closed:
            self.judge(text, ancestors)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        for name, value in attrs.items():
            # What one types in a field, and what a form sends, stands by itself.
            if name not in ("value", "href", "action", "data-efforts"):
                self.judge(value or "", [])
        if tag not in VOID:
            self.open.append({"tag": tag, "dir": attrs.get("dir"), "texts": []})

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        while self.open and self.open.pop()["tag"] != tag:
            pass

    def handle_data(self, text):
        for element in self.open:
            element["texts"].append(text)
        self.closed.append((text, list(self.open)))

    def judge(self, text, ancestors):
        alone = any(
            element["tag"] in BLOCKS and "".join(element["texts"]).strip() == text.strip()
            for element in ancestors
        )
        isolating = alone or any(
            element["tag"] == "bdi" or element["dir"] == "auto" for element in ancestors
        )
        depth, outside, loose = [], [], False
        for character in text:
            if depth and character == depth[-1]:
                depth.pop()
            elif character in ENDS:
                depth.append(ENDS[character])
            else:
                loose |= character in CONTROLS
            if not depth:
                outside.append(character)
        if (depth or loose) and not (self.django and alone):
            self.loose.append(text)
        self.count += any(word in text for word in WORDS)
        if not isolating and any(word in "".join(outside) for word in WORDS):
            self.unisolated.append(text)


@pytest.fixture
def hostile(alice, reviewer):
    """Alice's conversation, with all that others have a say in turned around."""
    Person.objects.filter(pk=alice.pk).update(first_name=FIRST, last_name="")
    Person.objects.filter(pk=reviewer.pk).update(first_name=FIRST, last_name="")
    Conversation.objects.all().delete()
    alice.refresh_from_db()
    conversation = converse(alice, TITLE)
    Conversation.objects.update(model=MODEL)
    LanguageModel.objects.create(name=MODEL)
    LanguageModel.objects.create(name=f"{MODEL} 2")
    group = Group.objects.create(name=GROUP)
    for person in (alice, reviewer):
        Person.groups.through.objects.create(person=person, group=group)
    Budget.objects.create(group=group, period="day", metric="replies", limit=3)
    Price.objects.create(model=MODEL, input=1, output=1)
    failed = {"status": "failed", "error_code": CODE, "error_message": SAID, "http_status": 500}
    Response.objects.update(
        model=MODEL,
        answered_model=f"{MODEL} 3",
        request_id=CODE,
        reason=WHY,
        refusal=SAID,
        **failed,
    )
    conversation.messages.filter(role="assistant").update(text="")
    conversation.refresh_from_db()
    return conversation


def check(page, least, django=False):
    read = Page(page.content.decode(), django)
    assert (read.unisolated, read.loose) == ([], [])
    print(read.count, least, page.request["PATH_INFO"])
    return read


def test_no_page_of_a_person_is_turned_around(client, alice, hostile):
    client.force_login(alice)
    check(client.get("/"), 4)
    check(client.get(hostile.get_absolute_url()), 14)
    for path, least in {
        f"/conversations/{hostile.pk}/manage/": 4,
        "/search/?q=שלום": 4,
        "/account/": 3,
        "/usage/": 3,
        "/usage/?by=model": 3,
        "/usage/?by=conversation": 3,
        "/data/": 3,
    }.items():
        check(client.get(path), least)
    # A reply that ended well, alone, is drawn by other code.
    hostile.messages.filter(role="assistant").exclude(pk=hostile.active_id).delete()
    hostile.messages.filter(role="assistant").update(text="Well.", html="<p>Well.</p>")
    Response.objects.update(status="completed", error_code="", refusal="", reason="")
    check(client.get(hostile.get_absolute_url()), 9)
    refused = client.post(hostile.get_absolute_url(), {"text": "Hi", "model": f"{MODEL} no"})
    assert refused.status_code == 422
    check(refused, 12)
    Conversation.objects.update(archived_at=timezone.now())
    check(client.get("/archive/"), 2)
    Conversation.objects.update(archived_at=None, trashed_at=timezone.now())
    check(client.get("/trash/"), 2)
    check(client.get(f"/conversations/{hostile.pk}/erase/"), 2)
    check(client.get(hostile.get_absolute_url()), 3)


def test_no_page_of_a_reviewer_is_turned_around(desk, hostile):
    check(desk.get("/review/"), 4)
    check(desk.get(f"/review/{hostile.pk}/"), 2)
    page, path = opened(desk, hostile, explanation=WHY)
    check(page, 23)
    desk.post(f"/review/{hostile.pk}/note/", {"text": f"{SAID} note"})
    check(desk.get(path), 23)
    check(desk.get(f"/review/?person={FIRST}"), 4)
    assert WHY in {row.explanation for row in ReviewAccess.objects.all()}


def test_no_page_of_the_administration_is_turned_around(client, administrator, alice, hostile):
    Person.objects.filter(pk=administrator.pk).update(first_name=FIRST)
    scope = UsageScope.objects.create(viewer=alice)
    scope.groups.add(Group.objects.get(name=GROUP))
    client.force_login(administrator)
    ToolPrice.objects.create(tool=f"{SAID} tool", model=MODEL, per_use=1)
    UsageRollup.objects.update(cost_reports=1)
    for path, least in {
        "/usage/people/": 2,
        "/usage/people/?by=group": 2,
        "/usage/people/?by=model": 2,
        "/usage/people/alice/": 2,
        "/usage/costs/": 2,
        "/review/log/": 1,
        "/admin/": 1,
        "/admin/conversations/person/": 7,
        f"/admin/conversations/person/{alice.pk}/change/": 2,
        "/admin/conversations/languagemodel/": 2,
        f"/admin/conversations/languagemodel/{LanguageModel.objects.get(name=MODEL).pk}/change/": 2,
        "/admin/conversations/price/": 2,
        f"/admin/conversations/price/{Price.objects.get().pk}/delete/": 2,
        "/admin/conversations/toolprice/": 2,
        "/admin/conversations/budget/": 2,
        "/admin/conversations/budgetchange/": 2,
        f"/admin/conversations/budget/{Budget.objects.get().pk}/delete/": 2,
        "/admin/conversations/usagescope/": 2,
    }.items():
        check(client.get(path), least, django=path.startswith("/admin/"))


@pytest.mark.django_db(transaction=True)
def test_no_email_is_turned_around(client, administrator, alice, hostile, mailoutbox):
    client.force_login(administrator)
    client.post(
        "/admin/conversations/person/", {"action": "send_links", "_selected_action": [alice.pk]}
    )
    [mail] = mailoutbox
    assert isolated(FIRST) in mail.body
    for text in (mail.subject, mail.body):
        read = Page("")
        read.judge(text, [])
        assert (read.unisolated, read.loose) == ([], [])


def test_no_line_of_an_import_is_turned_around():
    report = Report(broken=[FILE], missing=[(TITLE, SAID)])
    read = Page("")
    for line in report.lines():
        read.judge(line, [])
    assert (read.count, read.unisolated, read.loose) == (2, [], [])


@pytest.mark.parametrize("text", ["", "Alice", "Zoë – 王", "a<b", "1 + 1 = 2", "\u200dnever"])
def test_a_text_that_turns_nothing_stays_as_it_is(text):
    assert isolated(text) == text
    assert "bdi" not in isolated_html(text)


def test_what_turns_the_order_is_isolated_and_shown():
    assert isolated("a\u202eb") == "\u2068a‹U+202E›b\u2069"
    assert isolated_html("<\u2069>") == "<bdi>&lt;‹U+2069›&gt;</bdi>"
    assert isolated("שלום") == "\u2068שלום\u2069"


@pytest.mark.parametrize("control", ["\u202e", "\u2066", "\u2069", "\u200f", "\u061c", "\x1b"])
def test_names_of_people_and_groups_take_no_invisible_characters(client, administrator, control):
    client.force_login(administrator)
    given = {"username": "carol", "email": "carol@example.org", "send_link": "on"}
    for field in ("username", "first_name", "last_name"):
        page = client.post("/admin/conversations/person/add/", {**given, field: f"Ca{control}rol"})
        assert page.status_code == 200 and page.context["errors"], field
    page = client.post("/admin/auth/group/add/", {"name": f"a{control}b"})
    assert page.status_code == 200 and page.context["errors"]
    assert not Person.objects.filter(email="carol@example.org").exists()
    assert not Group.objects.filter(name__startswith="a").exists()
