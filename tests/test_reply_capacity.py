"""A full process: replies go to another that has room, and are refused only where none has."""

import uuid
from datetime import timedelta

import pytest
import uvloop
from django.db.models.functions import Now

from conversations.models import Message, Response, ServerProcess
from conversations.replies import capacity
from conversations.replies.database_lane import Lane
from tests.support.ledger_rows import ask
from tests.support.polling import until
from tests.support.shared_servers import wish
from tests.support.stream_reader import words


def test_a_site_refuses_only_when_all_its_processes_are_full(
    stage, nobody_else, make_stage_server, alice
):
    servers = [make_stage_server(MAX_LIVE_REPLIES=2) for _server in range(2)]
    first, second = (stage.visit(server, alice) for server in servers)
    ServerProcess.objects.all().delete()
    until(lambda: ServerProcess.objects.filter(room_for_replies=2).count() == 2)
    held = [first.ask(wish(pieces=3, fault="wait")) for _reply in range(2)]
    # The first is full, the second idle.
    passed_on = [first.ask(wish(pieces=3, fault="wait")) for _reply in range(2)]
    rows = Response.objects.filter(pk__in=[response.pk for response in passed_on])
    until(lambda: rows.filter(status="in_progress").count() == 2)
    lease = Response.objects.get(pk=held[0].pk).lease
    [other] = rows.values_list("lease", flat=True).distinct()
    assert other != lease
    until(lambda: not ServerProcess.objects.exclude(room_for_replies=0).exists())
    assert set(ServerProcess.objects.values_list("lease", "replies")) == {(lease, 2), (other, 2)}
    # Now both are full.
    for full in (first, second):
        refused = full.send(wish(pieces=3))
        assert refused.status_code == 503
        assert int(refused.headers["Retry-After"]) > 0
        assert "marmalade" in refused.text
    stage.gateway.go.set()
    until(lambda: not Response.objects.open().exists())
    assert set(Response.objects.values_list("status", "attempts")) == {("completed", 1)}
    assert Message.objects.get(pk=passed_on[0].message_id).text.strip() == words(3)
    # Who exits takes its room along.
    servers[1].stop()
    assert set(ServerProcess.objects.values_list("lease", flat=True)) == {lease}


@pytest.fixture
def other(db):
    """Another process, idle, with room for two replies; the only one."""
    # Servers that were killed after an earlier test have left theirs.
    ServerProcess.objects.all().delete()
    lease = uuid.uuid4()
    capacity.announce(lease, 0, 0, 2, 5)
    return ServerProcess.objects.filter(lease=lease)


def test_room_is_what_other_living_processes_have_for_what_is_not_queued_yet(other, alice):
    mine = uuid.uuid4()
    capacity.announce(mine, 7, 0, 0, 5)
    assert capacity.others_have_room(mine)
    assert not capacity.others_have_room(other.get().lease)
    ask(alice)
    assert capacity.others_have_room(mine)
    ask(alice)
    assert not capacity.others_have_room(mine)


@pytest.mark.parametrize("minutes", [-10, 10], ids=["died", "a clock set back"])
def test_an_announcement_far_from_now_counts_for_nothing(other, minutes):
    other.update(heartbeat_at=Now() + timedelta(minutes=minutes))
    assert not capacity.others_have_room(uuid.uuid4())
    capacity.forget_dead()
    assert other.exists() == (minutes > 0)


def test_a_load_is_announced_when_it_changes_and_every_few_seconds(transactional_db):
    clock, lease = iter([0, 1, 2, 3, 4, 6]), uuid.uuid4()
    row = ServerProcess.objects.filter(lease=lease)

    async def main():
        lane, announcer = Lane("announcing"), capacity.Announcer(lease, lambda: next(clock))

        async def is_written(replies):
            """Whether this load is written over what stands there."""
            await announcer.look(lane, (replies, 0, 5, 5))
            found = await lane.run(row.values_list("replies", flat=True).get)
            await lane.run(lambda: row.update(replies=99))
            return found == replies

        seen = [await is_written(replies) for replies in (0, 0, 1, 1, 1, 1)]
        lane.close()
        return seen

    # Renewed three seconds after the change.
    assert uvloop.run(main()) == [True, False, True, False, False, True]
