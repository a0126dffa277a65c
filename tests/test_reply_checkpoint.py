"""What a process writes of its live replies every 0.4 s: the text so far and the heartbeat."""

import uuid
from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations.models import Response
from conversations.replies import response_states
from conversations.replies.partial_items import Unsaved
from tests.support.ledger_rows import ask


def live_replies(person, lease, count):
    """Responses that the process `lease` writes, and has not said so for ten seconds."""
    ids = [ask(person).pk for _ in range(count)]
    for pk in ids:
        response_states.claim(pk, lease)
    Response.objects.update(heartbeat_at=timezone.now() - timedelta(seconds=10))
    return ids


def test_all_hearts_beat_and_each_row_is_written_once(alice):
    """A second version of a row in one transaction makes PostgreSQL look up all it refers to."""
    lease = uuid.uuid4()
    first, second, silent = live_replies(alice, lease, 3)
    texts = [Unsaved(pk, "Some text", "A thought", timezone.now()) for pk in (first, second)]
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert response_states.checkpoint(lease, texts, [first, second, silent]) == (set(), set())
    updates = [query["sql"] for query in queries if "UPDATE" in query["sql"]]
    assert len(updates) == 2
    assert silent.hex in updates[1].replace("-", "")
    assert first.hex not in updates[1].replace("-", "")
    rows = Response.objects.in_bulk()
    now = timezone.now()
    assert all(now - row.heartbeat_at < timedelta(seconds=5) for row in rows.values())
    assert [rows[pk].partial for pk in (first, second, silent)] == ["Some text", "Some text", ""]
    assert rows[first].partial_reasoning == "A thought"
    assert rows[first].first_token_at


def test_what_was_taken_away_is_told_and_not_written(alice):
    lease = uuid.uuid4()
    kept, taken = live_replies(alice, lease, 2)
    Response.objects.filter(pk=taken).update(lease=uuid.uuid4())
    texts = [Unsaved(pk, "Some text", "") for pk in (kept, taken)]
    assert response_states.checkpoint(lease, texts, [kept, taken]) == (set(), {taken})
    assert Response.objects.get(pk=taken).partial == ""
    assert Response.objects.get(pk=kept).partial == "Some text"


def test_a_wish_to_stop_is_told(alice):
    lease = uuid.uuid4()
    stopped, other = live_replies(alice, lease, 2)
    response_states.request_stop(stopped)
    assert response_states.checkpoint(lease, [], [stopped, other]) == ({stopped}, set())
