"""Recovery: who is declared dead, and what a writer that was declared dead puts back."""

import uuid
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conversations.models import Message, Response, SearchEntry
from conversations.replies import recovery, response_states
from conversations.replies.partial_items import Unsaved
from conversations.search import search
from tests.support.hypothesis_scale import examples
from tests.support.ledger_rows import REPORTED, STOPPED, ask, balanced, submit

DEAD = 15  # seconds
FAILED = {"status": "failed", "error_code": "connect", "usage_source": "none"}


class Clock:
    """Seconds that pass when they are told to."""

    now = 1_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def written(person, text="The okapi", **wanted):
    """A reply of which `text` is stored, whose heartbeat is a minute old: `(Response, lease)`."""
    response, lease = ask(person, "Which animal?", **wanted), uuid.uuid4()
    response_states.claim(response.pk, lease)
    response_states.checkpoint(lease, [Unsaved(response.pk, text, "")], [response.pk])
    minute = timedelta(minutes=1)
    Response.objects.filter(pk=response.pk).update(heartbeat_at=F("heartbeat_at") - minute)
    return response_states.load(response.pk), lease


def dead_at(standstill):
    return [pk for pk, _heartbeat in recovery.left_behind((), standstill)[0]]


def put_back(response, lease, fields=REPORTED, text="The okapi and the giraffe"):
    return recovery.put_back(response, lease, dict(fields), text, f"<p>{text}</p>", "", "")


def test_a_heartbeat_has_to_stand_still_over_sweeps_of_ones_own(alice, clock):
    response, _lease = written(alice)
    standstill = recovery.Standstill(clock)
    for _second in range(DEAD):
        assert dead_at(standstill) == []
        clock.now += 1
    assert dead_at(standstill) == [response.pk]


def test_time_without_a_sweep_does_not_count(alice, clock):
    """The database was away, or this process was frozen: the writer had no chance either."""
    response, _lease = written(alice)
    standstill = recovery.Standstill(clock)
    assert dead_at(standstill) == []
    for _outage in range(6):
        clock.now += 100
        assert dead_at(standstill) == []
    clock.now += 1
    for _second in range(DEAD):
        dead_at(standstill)
        clock.now += 1
    assert dead_at(standstill) == [response.pk]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="forbids writing by SQLite's PRAGMA")
def test_time_in_which_nothing_can_be_written_does_not_count(alice, clock):
    """On a full disk reading goes on, and no writer can renew its heartbeat."""
    response, _lease = written(alice)
    standstill = recovery.Standstill(clock)
    assert dead_at(standstill) == []
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only = ON")
        try:
            for _second in range(3 * DEAD):
                clock.now += 1
                with pytest.raises(DatabaseError), transaction.atomic():
                    dead_at(standstill)
        finally:
            cursor.execute("PRAGMA query_only = OFF")
    for _second in range(DEAD - 2):
        clock.now += 1
        assert dead_at(standstill) == []
    clock.now += 2
    assert dead_at(standstill) == [response.pk]


def test_a_heartbeat_that_moved_begins_anew_also_by_a_wrong_clock(alice, clock):
    response, _lease = written(alice)
    standstill = recovery.Standstill(clock)
    rows = Response.objects.filter(pk=response.pk)
    for _second in range(3 * DEAD):
        assert dead_at(standstill) == []
        clock.now += 1
        # The database's clock may be set back or forward by minutes meanwhile.
        rows.update(heartbeat_at=F("heartbeat_at") + timedelta(milliseconds=500))
    rows.update(heartbeat_at=F("heartbeat_at") + timedelta(minutes=10))
    for _second in range(DEAD + 1):
        dead_at(standstill)
        clock.now += 1
    assert dead_at(standstill) == [response.pk]


def test_a_heartbeat_that_came_between_look_and_burial_saves_it(alice):
    response, lease = written(alice)
    [seen] = [("1999-01-01 00:00:00",)]
    assert not recovery.bury(response.pk, seen[0])
    assert recovery.bury(response.pk)
    assert not recovery.bury(response.pk)
    assert recovery.still_wanted([response.pk], lease) == {response.pk}


@pytest.mark.parametrize("fields", [REPORTED, STOPPED, FAILED], ids=lambda end: end["status"])
def test_the_writer_puts_back_its_text_and_its_end(alice, fields):
    response, lease = written(alice)
    assert recovery.bury(response.pk)
    assert balanced()
    ending = put_back(response, lease, fields)
    row = Response.objects.get(pk=response.pk)
    assert ending["status"] == row.status == fields["status"]
    assert (row.reason, row.usage_source) == ("", fields["usage_source"])
    assert row.input_tokens == fields.get("input_tokens")
    # No estimate stays beside what was reported, or beside nothing.
    assert (row.estimated_input_tokens is None) == (fields is not STOPPED)
    message = Message.objects.get(pk=response.message_id)
    assert message.text == "The okapi and the giraffe"
    assert message.html == "<p>The okapi and the giraffe</p>"
    assert [hit.message_id for hit in search("giraffe", [alice.pk])] == [message.pk]
    assert SearchEntry.objects.filter(message=message).count() == 1
    assert balanced()


def test_it_is_put_back_once(alice):
    response, lease = written(alice)
    recovery.bury(response.pk)
    assert put_back(response, lease)
    assert put_back(response, lease) is None
    # Repeated after a lost connection it is found as it was written.
    done = response_states.finish(response, lease, dict(REPORTED), "The okapi", "", "")
    assert done["status"] == "completed"
    assert Message.objects.get(pk=response.message_id).text == "The okapi and the giraffe"
    assert balanced()


@pytest.mark.parametrize("what", ["another lease", "retried", "deleted", "in the trash"])
def test_it_is_not_put_back(alice, what):
    response, lease = written(alice)
    recovery.bury(response.pk)
    if what == "another lease":
        lease = uuid.uuid4()
    elif what == "retried":
        message = Message.objects.select_related("parent", "conversation").get(
            pk=response.message_id
        )
        submit(alice, "", retried=message)
    elif what == "deleted":
        response.conversation.delete()
    before = Response.objects.values().get(pk=response.pk)
    wanted = recovery.still_wanted([response.pk], lease)
    if what == "in the trash":
        # Still its person's, who may restore it.
        response.conversation.trashed_at = response.created_at
        response.conversation.save()
        assert put_back(response, lease)
        return
    assert wanted == set()
    assert put_back(response, lease) is None
    assert Response.objects.values().get(pk=response.pk) == before


def test_a_retry_is_later_than_what_it_replaces_also_by_a_clock_that_is_behind(alice):
    response, lease = written(alice)
    recovery.bury(response.pk)
    message = Message.objects.select_related("parent", "conversation").get(pk=response.message_id)
    message.created_at += timedelta(minutes=10)
    message.save()
    retry = submit(alice, "", retried=message).response.message
    assert retry.created_at > message.created_at
    assert put_back(response, lease) is None


def test_what_ended_otherwise_is_left_alone(alice):
    response, lease = written(alice)
    assert response_states.finish(response, lease, dict(STOPPED), "The okapi", "", "")
    assert recovery.still_wanted([response.pk], lease) == set()
    assert put_back(response, lease) is None
    assert Message.objects.get(pk=response.message_id).text == "The okapi"


ENDS = st.sampled_from([REPORTED, STOPPED, FAILED])


@settings(
    max_examples=examples(15),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.tuples(ENDS, st.sampled_from(["end", "bury", "put back"])), max_size=5))
def test_the_books_balance_whatever_is_buried_and_put_back(alice, replies):
    for fields, what in replies:
        response, lease = written(alice)
        if what == "end":
            assert response_states.finish(response, lease, dict(fields), "Text", "", "")
        else:
            assert recovery.bury(response.pk)
        if what == "put back":
            assert put_back(response, lease, fields)
    assert balanced()


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_queued_reply_is_taken_at_once_and_given_up_late_by_any_clock(alice, clock, minutes):
    """The clock of the process that stored it may be minutes wrong."""
    response = ask(alice, "Which animal?")
    stored_at = F("created_at") + timedelta(minutes=minutes)
    Response.objects.filter(pk=response.pk).update(created_at=stored_at)
    standstill = recovery.Standstill(clock)
    seconds = recovery.EXPIRES_SEEN if minutes < 0 else recovery.EXPIRES_AFTER.seconds
    for _second in range(seconds):
        assert recovery.left_behind((), standstill)[1:] == ([], [response.pk])
        clock.now += 1
    assert recovery.left_behind((), standstill)[1:] == ([response.pk], [])


def test_a_reply_that_was_stored_although_an_error_said_no_is_begun_not_buried(alice, clock):
    """Its process, which knows its id, looks for it."""
    response, _lease = written(alice)
    standstill = recovery.Standstill(clock)
    for _second in range(2 * DEAD):
        found = recovery.left_behind((), standstill, {response.pk, uuid.uuid4()})
        assert found == ([], [], [response.pk])
        clock.now += 1


def test_a_text_too_long_to_be_kept_as_an_item_is_buried_whole(alice):
    text = "Rain and snow. " * 20_000
    response, _lease = written(alice, text)
    call = {"type": "web_search_call", "status": "searching"}
    going = [{"type": "web_search_call", "item": call, "is_closed": False}, {"type": "message"}]
    Response.objects.filter(pk=response.pk).update(partial_items=going)
    assert recovery.bury(response.pk)
    message = Message.objects.get(response=response)
    assert message.text == text
    assert [item["type"] for item in message.items] == ["web_search_call", "message"]
