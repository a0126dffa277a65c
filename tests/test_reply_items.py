"""Replies that are more than text: calls of tools, thoughts and sources between the texts."""

import json
import re
from html.parser import HTMLParser

import pytest

from conversations.models import Message, Response
from tests.support.gateway import WAIT
from tests.support.item_frames import CITED, SEARCH, added, call, done, thought, whole_stream
from tests.support.polling import until
from tests.support.sse_frames import completed, created, delta, message, stream
from tests.support.stream_reader import Reader

ORDER = ["FIRST", "okapi", "Hm.", "SECOND"]


class Words(HTMLParser):
    """The text of a piece of HTML."""

    def __init__(self, html):
        super().__init__()
        self.text = ""
        self.feed(html)

    def handle_data(self, data):
        self.text += data


def in_order(html, words=ORDER):
    """Whether the words stand in the text of `html` once each, in this order."""
    text = Words(html).text
    places = [text.find(word) for word in words]
    return -1 not in places and places == sorted(places) and text.count(words[0]) == 1


def steps(events, wait_before=None):
    """The events as steps of a script; it waits before the one at the index `wait_before`."""
    for at, event in enumerate(events):
        if at == wait_before:
            yield WAIT
        yield stream(event).encode()


def ended(response):
    found = Response.objects.exclude(status__in=Response.OPEN).filter(pk=response.pk)
    return until(lambda: found.select_related("message").first())


def test_items_are_shown_and_kept_in_their_order(stage, visitor):
    stage.gateway.will(chunks=list(steps(whole_stream(SEARCH))))
    response = visitor.ask("Find the animal")
    events = visitor.watch(response.pk)
    message = ended(response).message
    assert [item["type"] for item in message.items] == [
        *("message", "web_search_call", "reasoning", "message")
    ]
    assert message.items[1]["action"] == SEARCH["action"]
    assert message.items[3]["content"][0]["annotations"] == [CITED]
    assert (message.text, message.reasoning) == ("FIRST\n\nSECOND", "Hm.")
    page = visitor.get(f"/conversations/{response.conversation_id}/").text
    for html in (events[-1].data, page):
        assert in_order(html)
        assert html.count("data-answer") == html.count("data-thoughts") == 1
        assert re.search(r'data-item="1" data-type="web_search_call"', html)
    # What is sent in the next request is the text.
    visitor.ask("And now?", conversation=response.conversation_id)
    sent = stage.gateway.wait_for(2)[-1].body["input"]
    assert [turn["content"] for turn in sent][1] == "FIRST\n\nSECOND"


def test_each_piece_of_the_stream_says_whose_it_is(stage, visitor):
    paced = [step for each in steps(whole_stream(SEARCH)) for step in (each, 0.1)]
    stage.gateway.will(chunks=[WAIT, *paced])
    response = visitor.ask("Find the animal")
    pieces = []
    with visitor.events(response.pk) as arriving:
        for event in arriving:
            stage.gateway.go.set()
            if event.name == "block":
                pieces += re.findall(r"^<(?:div|p|details) [^>]*", event.data, re.MULTILINE)
    assert len(pieces) > 4
    for piece in pieces:
        assert 'data-item="' in piece, piece
        assert ('class="block"' in piece) == ('data-block="' in piece), piece


@pytest.mark.parametrize("at", [9, 11, 13, 15])
def test_another_process_follows_them(stage, there, alice, at):
    writer, follower = stage.visit(stage.here, alice), stage.visit(there, alice)
    events = whole_stream(SEARCH)
    stage.gateway.will(chunks=list(steps(events, at)))
    response = writer.ask("Find the animal")
    shown = [word for word, there_at in zip(ORDER, (4, 8, 12, 14), strict=True) if there_at < at]
    until(lambda: Response.objects.get(pk=response.pk).partial)
    with follower.events(response.pk) as arriving:
        reader = Reader()
        for event in arriving:
            reader.take(event)
            page = follower.get(f"/conversations/{response.conversation_id}/").text
            if event.name != "done" and in_order(page, shown):
                stage.gateway.go.set()
    assert in_order(reader.article)
    assert in_order(ended(response).message.html, ["FIRST", "SECOND"])


def test_a_crash_in_mid_search_keeps_text_and_search(stage, make_stage_server, alice):
    server = make_stage_server()
    search = {"type": "web_search_call", "id": "ws_1", "status": "searching"}
    search["action"] = {"type": "search", "query": "okapi"}
    begun = [created(), delta("FIRST", item_id="m_1"), added(search, 1)]
    stage.gateway.will(chunks=[*steps(begun), WAIT])
    response = stage.visit(server, alice).ask("Find the animal")
    row = until(
        lambda: Response.objects.filter(pk=response.pk, partial_items__isnull=False).first()
    )
    assert row.partial == "FIRST"
    server.kill()
    server.start()
    row = ended(response)
    assert (row.status, row.partial_items) == ("interrupted", None)
    assert [item["type"] for item in row.message.items] == ["message", "web_search_call"]
    assert row.message.text == "FIRST"
    page = stage.visit(server, alice).get(f"/conversations/{row.conversation_id}/").text
    assert in_order(page, ["FIRST", "okapi"])
    assert 'data-type="web_search_call" data-state="unfinished"' in page


def test_one_that_is_stopped_keeps_what_had_come(stage, visitor):
    stage.gateway.will(chunks=[*steps(whole_stream(SEARCH)[:8]), WAIT])
    response = visitor.ask("Find the animal")
    until(lambda: Response.objects.filter(pk=response.pk, partial_items__isnull=False).exists())
    visitor.post(f"/responses/{response.pk}/stop/")
    row = ended(response)
    assert row.status == "cancelled"
    assert [item["type"] for item in row.message.items] == ["message", "web_search_call"]


def test_a_citation_mark_becomes_the_number_of_its_source(stage, visitor):
    text = "It rained.\ue200cite\ue202turn0search1\ue201 Then sun."
    cited = message(text, "m_1")
    cited["content"][0]["annotations"] = [{**CITED, "start_index": 10, "end_index": 29}]
    begun = [created(), *(delta(each, item_id="m_1") for each in text)]
    stage.gateway.will(chunks=list(steps([*begun, done(cited, 0), completed(cited)])))
    response = visitor.ask("Weather?")
    events = visitor.watch(response.pk)
    stored = ended(response).message
    assert stored.text == "It rained.[1] Then sun."
    assert re.search(r'href="https://example.org/a"[^>]*>1</a>', events[-1].data)
    assert not set("\ue200\ue202") & set(events[-1].data + stored.html)


def test_a_plain_reply_has_no_items(stage, visitor):
    plain = message("Hello", "m_1")
    events = [
        created(),
        added({"type": "reasoning", "id": "rs_1", "summary": []}, 0),
        thought("Hm."),
        done({"type": "reasoning", "id": "rs_1", "encrypted_content": "gAAA"}, 0),
        delta("Hello", item_id="m_1", output_index=1),
        done(plain, 1),
        completed(plain),
    ]
    stage.gateway.will(chunks=list(steps(events)))
    row = ended(visitor.ask("Hello"))
    assert (row.message.text, row.message.reasoning, row.message.items) == ("Hello", "Hm.", None)
    assert "<!--" not in row.message.html + row.message.reasoning_html


def test_a_picture_is_named_and_its_bytes_are_kept_nowhere(stage, visitor):
    picture = call("image_generation_call", "ig_1", result="iVBORw0KGgo" + "A" * 3_000_000)
    begun = [created(), done(picture, 0)]
    stage.gateway.will(chunks=[*steps(begun), WAIT, *steps([completed(picture)])])
    response = visitor.ask("Draw it")
    found = Response.objects.filter(pk=response.pk, partial_items__isnull=False)
    row = until(lambda: found.first())
    assert len(json.dumps(row.partial_items)) < 2_000
    stage.gateway.go.set()
    row = ended(response)
    stored = Message.objects.get(pk=row.message_id)
    assert [item["type"] for item in stored.items] == ["image_generation_call"]
    assert len(json.dumps(stored.items)) < 2_000
    page = visitor.get(f"/conversations/{row.conversation_id}/").text
    assert "AAAAAAAA" not in page
    assert "no text" not in page
    assert "picture" in page
