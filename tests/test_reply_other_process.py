"""Following a reply that another process writes, by nothing but the database."""

import re
import time

from conversations.models import Message, Response
from tests.support.gateway import sse
from tests.support.polling import until
from tests.support.shared_servers import wish
from tests.support.stream_reader import Reader, words

BEHIND = 1.0  # seconds at most


def test_a_follower_is_at_most_a_second_behind_and_ends_with_the_same_text(stage, there, alice):
    writer, follower = stage.visit(stage.here, alice), stage.visit(there, alice)
    stage.gateway.will(chunks=dated_pieces(40, 0.06))
    response = writer.ask("Date your words.")
    until(lambda: Response.objects.get(pk=response.pk).status == "in_progress")
    lags, seen, reader = [], set(), Reader()
    with follower.events(response.pk) as stream:
        for event in stream:
            reader.take(event)
            now = time.monotonic()
            for date in re.findall(r"at(\d+)", reader.text):
                if date not in seen:
                    seen.add(date)
                    lags.append(now - int(date) / 1000)
    assert reader.names[0] == "reply"
    assert reader.names[-1] == "done"
    assert len(lags) == 40
    assert max(lags) < BEHIND, lags
    assert reader.text == Message.objects.get(pk=response.message_id).text.strip()
    assert len(stage.gateway.responses) == 1


def dated_pieces(count, pace):
    """An answer whose words say when they were sent, in milliseconds."""
    for _number in range(count):
        delta = f"at{int(time.monotonic() * 1000)} "
        yield sse({"type": "response.output_text.delta", "delta": delta})
        yield pace
    response = {"id": "r", "status": "completed", "output": []}
    yield sse({"type": "response.completed", "response": response})


def test_many_followers_of_one_reply_cost_one_query(stage, there, alice):
    writer, followers = stage.visit(stage.here, alice), [stage.visit(there, alice) for _ in "123"]
    response = writer.ask(wish(pieces=40, pace=0.05))
    until(lambda: Response.objects.get(pk=response.pk).status == "in_progress")
    tabs = [stage.aside(follower.watch, response.pk) for follower in followers]
    until(lambda: there.inside()["watching"] == 3)
    assert until(lambda: there.inside()["followed"]) == 1
    assert {Reader().take_all(tab.result()).text for tab in tabs} == {words(40)}
    until(lambda: there.inside()["followed"] == 0)


def test_reasoning_is_followed_too(stage, there, alice):
    writer, follower = stage.visit(stage.here, alice), stage.visit(there, alice)
    stage.gateway.will(pieces=20, pace=0.05, reasoning="First think, then speak.")
    response = writer.ask("Think aloud.")
    until(lambda: Response.objects.get(pk=response.pk).status == "in_progress")
    events = follower.watch(response.pk)
    assert any("First think" in event.text for event in events if event.name != "done")
    assert "First think, then speak." in events[-1].text
    assert Message.objects.get(pk=response.message_id).reasoning == "First think, then speak."


def test_a_reload_lands_in_the_other_process_and_goes_on(stage, there, alice):
    writer, follower = stage.visit(stage.here, alice), stage.visit(there, alice)
    response = writer.ask(wish(pieces=60, pace=0.05))
    first, second = Reader(), Reader()
    with writer.events(response.pk) as stream:
        for event in stream:
            if "word15" in first.take(event).text:
                break
    # What the other process shows may be a checkpoint old, no more.
    with follower.events(response.pk) as stream:
        for event in stream:
            assert words(60).startswith(second.take(event).text)
    assert second.text == words(60)


def test_a_page_without_the_script_shows_what_there_is(stage, there, alice):
    writer, reader = stage.visit(stage.here, alice), stage.visit(there, alice)
    response = writer.ask(wish(pieces=200, pace=0.05))
    until(lambda: "word3" in Response.objects.get(pk=response.pk).partial)
    page = reader.get(f"/conversations/{response.conversation_id}/").text
    assert "word0 word1 word2 word3" in page
    assert 'data-status="in_progress"' in page
