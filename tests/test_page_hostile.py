"""Hostile text in a real browser, wherever we show text, with the policy on and taken away: nothing
of it runs, and nothing is asked of another host."""

from urllib.parse import urlencode

import pytest

from conversations.items.approvals import answerable
from conversations.models import Conversation, Feedback, Message, QueuedMessage, Response
from conversations.models.conversation import TITLE_LENGTH
from conversations.rendering import render, render_typed
from conversations.search import index
from conversations.transfer.bringing_in import bring_in
from tests.support.browser import finished, send
from tests.support.hostile_texts import CASES, CLASSES
from tests.support.item_frames import added, done
from tests.support.item_samples import SAMPLES, items_full_of, put_items, with_all_texts
from tests.support.ledger_rows import call
from tests.support.sse_frames import completed, created, stream

pytestmark = pytest.mark.browser

LIVE = "<script>pwned = 1</script><img src=https://evil.example/x onerror='alert(1); pwned = 1'>"


def _plain(text):
    """Without the characters that a browser's field or a database would not even take."""
    return text.replace("\x00", "").encode(errors="ignore").decode()


TEXTS = [_plain(text) for _name, text in CASES]
PARTS = "article, nav, h1, td, dd, q, aside :not(form), ol, .rows, .notice"
# What runs only when somebody points at it.
TEASE = """(parts) => {
    const names = ["mouseover", "pointerover", "focus", "animationstart", "toggle", "error"];
    for (const each of document.querySelectorAll(`:is(${parts}) *`))
        for (const name of names) each.dispatchEvent(new Event(name, {bubbles: true}));
}"""
# Elements, attributes and addresses that no text may bring with it.
FOREIGN = """(parts) => {
    const names = "script iframe frame object embed base meta link style img video audio portal";
    const attributes = /^(on.*|style|srcdoc|srcset|ping|formaction|background|poster)$/;
    const protocols = ["http:", "https:", "mailto:", ":"];
    return [...document.querySelectorAll(`:is(${parts}) *`)]
        .filter((each) =>
            names.split(" ").includes(each.localName)
            || [...each.attributes].some((attribute) => attributes.test(attribute.name))
            || (each.protocol && !protocols.includes(each.protocol)))
        .map((each) => each.outerHTML.slice(0, 200));
}"""


class Witness:
    """Sees what a page does that it should not: dialogs, markers, requests to other hosts."""

    def __init__(self, page, server):
        self.page, self.server = page, server
        self.seen = []
        page.on("dialog", self._note_dialog)
        page.context.on("request", self._note_request)

    def _note_dialog(self, dialog):
        self.seen.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def _note_request(self, request):
        if not request.url.startswith(self.server.url):
            self.seen.append(f"request {request.url}")

    def go(self, path):
        self.page.goto(path)
        self.look()

    def look(self):
        """Point at everything, then tell what came of it."""
        at = self.page.url
        self.page.evaluate(TEASE, PARTS)
        assert self.page.evaluate("window.pwned") is None, at
        assert self.page.evaluate(FOREIGN, PARTS) == [], at
        assert self.seen == [], at
        assert self.page.url == at


@pytest.fixture
def watched(server, surf):
    """Opens a page with a Witness: `watched(person, policy)`; without the policy it is cut out of
    every answer, so that only what we made of the text stands between it and the reader."""

    def watched(person, policy):
        page = surf(server, person, "/account/")
        if not policy:
            page.context.route(f"{server.url}/**", _without_policy)
        return Witness(page, server)

    return watched


def _without_policy(route):
    if route.request.resource_type != "document":
        return route.continue_()
    answer = route.fetch(max_redirects=0)
    headers = {
        name: value
        for name, value in answer.headers.items()
        if name not in ("content-security-policy", "content-encoding", "content-length")
    }
    route.fulfill(response=answer, headers=headers)


@pytest.fixture
def talk(alice):
    """Every hostile text as a person's and as a model's, each rendered by itself, those of a class
    in one message; and the worst as a thought, an error, a comment."""
    alice.first_name, alice.instructions = "<img src=x onerror=alert(1)>", LIVE
    alice.save()
    conversation = Conversation.objects.create(owner=alice, title=TEXTS[0], model=LIVE[:100])
    rows, parent = [], None
    for texts in CLASSES.values():
        texts = [_plain(text) for text in texts]
        common = {"conversation": conversation, "text": "\n\n".join(texts)}
        typed, prose = "\n".join(map(render_typed, texts)), "".join(map(render, texts))
        asked = Message(**common, parent=parent, role="user", html=typed)
        parent = Message(**common, parent=asked, role="assistant", html=prose)
        parent.reasoning = parent.text
        rows += asked, parent
    Message.objects.bulk_create(rows)
    replies = rows[1::2]
    for number, reply in enumerate(replies):
        # Of the endings those that show the gateway's own words.
        ending = {"status": "completed", "refusal": reply.text}
        if number % 2:
            ending = {"status": "failed", "error_code": "server", "error_message": reply.text}
        Response.objects.create(
            conversation=conversation,
            message=reply,
            person_id=alice.pk,
            username=alice.username,
            model=reply.text[:100],
            answered_model=LIVE,
            **ending,
        )
        Feedback.objects.create(message=reply, value="bad", comment=reply.text[:2000])
    QueuedMessage.objects.create(
        conversation=conversation, text=LIVE, model=LIVE[:100], submission=conversation.pk
    )
    conversation.active = parent
    conversation.save()
    return conversation


@pytest.fixture
def titles(alice):
    """One conversation a class, its worst text as title."""
    texts = [min(texts, key=len)[:TITLE_LENGTH] for texts in CLASSES.values()]
    Conversation.objects.bulk_create(
        Conversation(owner=alice, title=_plain(text)) for text in [*texts, LIVE[:TITLE_LENGTH]]
    )


@pytest.mark.parametrize("policy", [True, False], ids=["policy", "no policy"])
def test_nothing_runs_in_a_conversation_and_its_list(watched, alice, talk, titles, policy):
    witness = watched(alice, policy)
    witness.go(talk.get_absolute_url())
    page = witness.page
    assert page.locator("article").count() == 2 * len(CLASSES)
    assert page.locator("#conversations a:not(.list__manage)").count() == len(CLASSES) + 2
    page.get_by_role("button", name="Information").last.click()
    page.locator("[data-edit]").last.click()
    page.locator(".message--editing textarea").wait_for()
    assert witness.seen == []
    for path in (
        "/account/",
        f"{talk.get_absolute_url()}queued/",
        f"/messages/{talk.messages.first().pk}/edit/",
        f"/messages/{talk.messages.first().pk}/text/",
    ):
        witness.go(path)


@pytest.mark.parametrize("policy", [True, False], ids=["policy", "no policy"])
def test_nothing_runs_where_it_is_found_put_away_taken_out_and_brought_in(
    watched, alice, talk, titles, policy
):
    for conversation in Conversation.objects.all():
        index.add_conversation(conversation.pk)
    witness = watched(alice, policy)
    page = witness.page
    for typed in ("alert", "script", "evil", LIVE):
        witness.go(f"/search/?{urlencode({'q': typed})}")
        assert page.get_by_label("Search conversations").last.input_value() == typed
        assert page.locator(".found mark").count() > 0
    witness.go(f"/search/?{urlencode({'q': 'alert', 'in': talk.pk})}")
    assert page.locator(".found__place").count() > 20
    others = Conversation.objects.exclude(pk=talk.pk)
    for field, path in (("archived_at", "/archive/"), ("trashed_at", "/trash/")):
        others.update(archived_at=None, trashed_at=None)
        others.update(**{field: talk.created_at})
        witness.go(path)
        assert page.locator(".rows li").count() > 15
    witness.go(f"{talk.get_absolute_url()}manage/")
    for kind in ("Markdown", "JSON"):
        with page.expect_download() as download:
            page.get_by_role("link", name=f"Export as {kind}").click()
        assert "alert(1)" in download.value.path().read_text()
        witness.look()
    Conversation.objects.all().delete()
    with open(download.value.path(), "rb") as file:
        bring_in(alice, file)
    witness.go(Conversation.objects.get().get_absolute_url())
    assert page.locator("article").count() == 2 * len(CLASSES)


@pytest.mark.parametrize("policy", [True, False], ids=["policy", "no policy"])
def test_nothing_runs_while_it_is_written(watched, alice, gateway, policy):
    # What opens a block to its end would hide what follows it: it comes last, alone.
    text = "\n\n".join(text for text in TEXTS if "```" not in text and "~~~" not in text)
    gateway.will(text=text, reasoning=LIVE)
    witness = watched(alice, policy)
    witness.page.goto("/")
    send(witness.page, text[:8000])
    reply = finished(witness.page)
    assert reply.locator(".block").count() > 100
    witness.look()


# Of each class of texts the first; within an address; and what could break a line or the layout.
TOOL_TEXTS = [
    *(_plain(texts[0]) for texts in CLASSES.values()),
    f"https://evil.example/{LIVE}",
    "javascript:alert(1)",
    "W" * 4_000,
    "\u202e" + "אב " * 900,
    '"' * 50 + "'>" * 50,
]
TOOL_REQUESTS = [with_all_texts(SAMPLES["mcp_approval_request"], text) for text in TOOL_TEXTS[:6]]
# Elements that reach out of the page or out of their message.
OUTSIDE = """() => {
    document.querySelectorAll("#thread details").forEach((each) => (each.open = true));
    // What is out of sight is laid out only when it is looked at.
    const all = document.querySelectorAll("article");
    all.forEach((each) => (each.style.contentVisibility = "visible"));
    const ours = "#thread :is(.item, .sources, .approval, .notice)";
    const end = (each) => each.getBoundingClientRect().right;
    const out = [...document.querySelectorAll(`${ours}, ${ours} *`)]
        .filter((each) => end(each) > end(each.closest("article")) + 1 && !each.closest("pre"));
    if (document.documentElement.scrollWidth > innerWidth + 1) out.push(document.body);
    return out.map((each) => each.outerHTML.slice(0, 200));
}"""


@pytest.fixture
def tools_talk(alice):
    """A conversation whose replies have items of every kind, with a hostile text in every field;
    the last one asks for approval of tools of such names."""
    conversation = None
    for text in TOOL_TEXTS:
        wanted = {"conversation": conversation} if conversation else {}
        response = call(alice, text="Go on", **wanted)
        conversation = response.conversation
        put_items(response.message, items_full_of(text))
    asked = call(alice, text="Go on", conversation=conversation)
    put_items(asked.message, TOOL_REQUESTS)
    return conversation


def test_nothing_runs_in_what_tools_say_and_the_page_keeps_its_shape(
    watched, alice, tools_talk, gateway
):
    """Without the policy, which would forbid what we had overlooked."""
    gateway.will(chunks=[stream(*_told(TOOL_TEXTS)).encode()])
    witness = watched(alice, policy=False)
    page = witness.page
    witness.go(tools_talk.get_absolute_url())
    assert page.locator("#thread [data-item]").count() > 300
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(OUTSIDE) == []
    witness.look()
    # And while it comes: the reply to the answer to the last.
    asked = len(answerable(TOOL_REQUESTS, is_cut_off=False))
    assert asked > 4
    assert page.locator(".approval label").count() == asked
    count = page.locator("article").count()
    page.get_by_role("button", name="Allow", exact=True).click()
    finished(page, count // 2 + 1)
    assert page.locator("article").count() == count + 2
    assert page.locator("article").nth(count).get_by_text("Allowed").count() == asked
    assert page.evaluate(OUTSIDE) == []
    witness.look()


def _told(texts):
    """Events of a gateway that tell items of every kind, with each of `texts` in every field."""
    items = [item for text in texts for item in items_full_of(text)]
    told = [created()]
    for at, item in enumerate(items[:120]):
        begun = {**item, "id": f"i_{at}", "status": "in_progress"}
        told += [added(begun, at), done({**item, "id": f"i_{at}"}, at)]
    return [*told, completed()]


@pytest.mark.parametrize("policy", [True, False], ids=["policy", "no policy"])
def test_nothing_runs_at_a_reviewers(watched, alice, reviewer, talk, titles, policy):
    witness = watched(reviewer, policy)
    index.add_conversation(talk.pk)
    witness.go("/review/?q=alert")
    page = witness.page
    assert page.get_by_role("row").count() > 1
    witness.go("/review/")
    page.goto(f"/review/{talk.pk}/")
    page.get_by_label("Reason", exact=True).select_option("Other")
    page.get_by_label("Explanation").fill(LIVE)
    page.get_by_role("button", name="Open").click()
    page.get_by_label("Note").fill(LIVE)
    page.get_by_role("button", name="Add the note").click()
    witness.look()
    assert page.locator("article").count() == 2 * len(CLASSES)
    page.get_by_role("link", name="Back to the queue").click()
    witness.look()


def test_the_witness_sees_what_runs_where_the_policy_is_gone(watched, alice):
    """Else the tests above would hold whatever happened."""
    witness = watched(alice, policy=False)
    witness.page.goto("/")
    with witness.page.expect_event("dialog"):
        witness.page.evaluate("(html) => { document.body.innerHTML += html }", LIVE)
    assert "dialog 1" in witness.seen
    assert "request https://evil.example/x" in witness.seen
    assert witness.page.evaluate("window.pwned") == 1
