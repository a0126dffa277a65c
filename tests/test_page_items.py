"""Items of a reply at a browser: in their order while they come and when they are there."""

from playwright.sync_api import expect

from tests.support.browser import finished, send
from tests.support.gateway import WAIT
from tests.support.item_frames import SEARCH, call, done, whole_stream
from tests.support.sse_frames import completed, created, stream

# What stands where: texts by their words, and items by their number and type.
SHAPE = """article => {
    const found = [];
    const look = (node) => {
        for (const each of node.children) {
            const { item, type, block } = each.dataset;
            if (item !== undefined) found.push(`${item} ${type}`);
            else if (block !== undefined) found.push(each.textContent.trim());
            else if (!each.closest("form, .message__actions")) look(each);
        }
    };
    look(article);
    return found;
}"""
HOSTILE = "<img src=x onerror=\"document.title='hacked'\"><script>document.title='hacked'</script>"


def steps(events, wait_before):
    for at, event in enumerate(events):
        if at == wait_before:
            yield WAIT
        yield stream(event).encode()


def test_items_stand_in_their_order_live_and_final(server, surf, alice, gateway):
    events = whole_stream(SEARCH)
    gateway.will(chunks=list(steps(events, len(events) - 1)))
    page = surf(server, alice)
    send(page, "Find the animal")
    reply = page.locator("article[data-role=assistant]")
    reply.get_by_text("SECOND").wait_for()
    live = reply.evaluate(SHAPE)
    assert live == ["FIRST", "1 web_search_call", "2 reasoning", "SECOND"]
    gateway.go.set()
    final = finished(page)
    assert final.evaluate(SHAPE) == live
    assert final.locator("[data-answer]").count() == 1
    page.reload()
    assert reply.evaluate(SHAPE) == live
    sources = reply.locator("[data-sources] a")
    assert sources.get_attribute("href") == "https://example.org/a"


def test_items_of_a_search_before_the_answer_stand_ahead_of_it(server, surf, alice, gateway):
    events = whole_stream(SEARCH)
    events = [events[0], *events[6:-1]]
    gateway.will(chunks=list(steps(events, len(events) - 1)))
    page = surf(server, alice)
    send(page, "Find the animal")
    reply = page.locator("article[data-role=assistant]")
    reply.get_by_text("SECOND").wait_for()
    live = reply.evaluate(SHAPE)
    assert live == ["0 web_search_call", "1 reasoning", "SECOND"]
    assert reply.locator("[data-answer]").inner_text() == "SECOND"
    gateway.go.set()
    assert finished(page).evaluate(SHAPE) == live


def test_what_a_tool_says_is_shown_as_text_and_runs_nothing(server, surf, alice, gateway):
    hostile = call(
        "web_search_call",
        "ws_1",
        action={
            "type": "search",
            "query": HOSTILE,
            "sources": [{"type": "url", "url": "javascript:document.title='hacked'"}],
        },
    )
    events = whole_stream(hostile)
    cited = {"type": "url_citation", "url": "javascript:alert(1)", "title": HOSTILE}
    parts = events[-1]["response"]["output"][-1]["content"]
    parts[0]["annotations"] = [cited, {**cited, "url": "https://a.example/"}]
    gateway.will(chunks=list(steps(events, len(events) - 1)))
    page = surf(server, alice)
    send(page, "Find the animal")
    reply = page.locator("article[data-role=assistant]")
    reply.get_by_text("SECOND").wait_for()
    for _ in range(2):
        assert reply.locator("img, script, a[href^='javascript:']").count() == 0
        assert page.title() != "hacked"
        gateway.go.set()
        reply = finished(page)


def test_a_question_is_announced_and_answered_in_its_place(server, surf, alice, gateway):
    asked = call("mcp_approval_request", "mcpr_1", name="add", server_label="s", arguments="{}")
    gateway.will(chunks=[stream(created(), done(asked, 0), completed(asked)).encode()])
    page = surf(server, alice)
    send(page, "Move it")
    reply = finished(page)
    announced = page.locator("#announcer")
    expect(announced).to_have_text("The model asks whether it may use a tool")
    reply.get_by_role("button", name="Refuse").press("Enter")
    finished(page, 2)
    expect(page.get_by_text("Refused: add of s")).to_be_visible()
    assert page.locator(".approval").count() == 0
    assert page.locator("article").count() == 4
    assert page.evaluate("document.activeElement.id") == "message"
    # The composer goes on from there.
    send(page, "Thanks")
    finished(page, 3)
