"""What who watches a reply has on the page agrees with the reply, whatever comes and in which
order."""

import re
import uuid

from hypothesis import given, settings
from hypothesis import strategies as st

from conversations import upstream
from conversations.models import Message, Response
from conversations.replies.article import render_change, show_live
from conversations.replies.event_stream import Viewer
from conversations.replies.live_reply import LiveReply
from conversations.replies.partial_items import as_items, packed
from tests.support.hypothesis_scale import examples

VIEWER = Viewer(1, "", "en", "UTC", "")
PIECE = re.compile(r'<(?:div|details|p) [^>]*?data-(?:item|block)="([^"]*)"')


class Page:
    """An article as static/conversations/js/watching.js builds it: items ahead of the answer, and
    blocks and items in it, by their names, in order."""

    def __init__(self, live):
        self.ahead, self.answer, self.html = [], [], {}
        message = Message()
        show_live(message, live)
        parts = message.live_parts
        ahead, answer = (parts.before, parts.answer) if parts else ("", message.live_html or "")
        for place, html in ((self.ahead, ahead), (self.answer, answer)):
            for name, piece in pieces_of(html):
                self.put(place, name, piece)

    def put(self, place, name, piece):
        if name not in self.ahead + self.answer:
            place.append(name)
        self.html[name] = piece

    def change(self, html):
        [(number, block)] = re.findall(
            r'^<\w+ [^>]*?data-item="(\d+)"(?: data-block="([^"]*)")?', html
        )
        if not block:
            self.put(self.answer or self.ahead, *next(pieces_of(html)))
        elif f"item {number}" in self.html:
            # A block of thoughts, within their item.
            self.html[f"item {number}"] = with_block(self.html[f"item {number}"], block, html)
        else:
            self.put(self.answer, block, html.replace(f' data-item="{number}"', "", 1))


def with_block(thoughts, block, html):
    html = re.sub(r' data-item="\d+"', "", html, count=1)
    at = thoughts.find(f'<div class="block" data-block="{block}">')
    if at >= 0:
        return thoughts[:at] + html + thoughts[at + len(first_element(thoughts[at:])) :]
    return thoughts.replace("</div>\n</details>", f"{html}</div>\n</details>")


def pieces_of(html):
    """`(name, HTML)` of the blocks and items that stand side by side in `html`."""
    while html:
        piece = first_element(html)
        html = html[len(piece) :]
        attribute, name = re.search(r'data-(item|block)="([^"]*)"', piece).groups()
        yield (f"item {name}" if attribute == "item" else name), piece


def first_element(html):
    tag, depth = re.match(r"<(\w+)", html)[1], 0
    for found in re.finditer(rf"<{tag}\b|</{tag}>", html):
        depth += -1 if found[0].startswith("</") else 1
        if not depth:
            return html[: found.end()]
    raise AssertionError(html)


def live_reply():
    return LiveReply(Response(pk=uuid.uuid4(), person_id=1))


acts = st.tuples(
    st.sampled_from(
        ["message", "reasoning", "web_search_call", "text", "text", "replace", "close"]
    ),
    st.integers(0, 5),
    st.sampled_from(["One.", "Two\n\nthree. ", " more", "\n\n", "<b>four</b>"]),
    st.booleans(),
)


def done(live, act, types):
    """Have the reply take in the event that `act` stands for."""
    what, number, text, flag = act
    if what in ("message", "reasoning", "web_search_call"):
        before = number if flag and number < len(types) else None
        live.take(upstream.ItemOpened(len(types), {"type": what, "status": "searching"}, before))
        types.append(what)
    elif number < len(types):
        kind = types[number]
        event = upstream.Text if kind == "message" else upstream.Reasoning
        if kind == "web_search_call":
            action = {"type": "search", "query": text}
            live.take(upstream.ItemChanged(number, {"action": action}))
            if what == "close":
                item = {"type": kind, "status": "completed", "action": action}
                live.take(upstream.ItemClosed(number, item))
        elif what == "replace":
            live.take(upstream.Replaced(text if flag else "", number))
        else:
            live.take(event(text, number))


@given(st.lists(acts, max_size=30), st.sets(st.integers(0, 30)))
@settings(max_examples=examples(100), deadline=None)
def test_changes_add_up_to_what_is_drawn_anew(given_acts, looks):
    live, follower, types = live_reply(), live_reply(), []
    page, generation = Page(live), live.generation
    seen = live.seen()
    for at, act in enumerate(given_acts):
        done(live, act, types)
        if at not in looks and at != len(given_acts) - 1:
            continue
        live.refresh()
        if live.generation != generation:
            page, generation, seen = Page(live), live.generation, live.seen()
        changes, seen = live.changes_since(seen)
        for change in changes:
            page.change(render_change(*change, VIEWER))
        fresh = Page(live)
        assert page.html == fresh.html
        assert page.ahead + page.answer == fresh.ahead + fresh.answer
        # So does what another process reads of it.
        stored = packed(live.items)
        follower.become(live.text, live.reasoning, stored)
        follower.refresh()
        assert [item.type for item in follower.items] == [item.type for item in live.items]
        assert (follower.text, follower.reasoning) == (live.text, live.reasoning)
        for item in as_items(live.text, live.reasoning, stored) or []:
            assert item["type"]
