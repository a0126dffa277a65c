"""PostgreSQL goes away and comes back: pages say so, replies are kept, nothing is restarted."""

import re
import time
from itertools import pairwise

import pytest
from django.db import connection, transaction

from conversations.models import Conversation, Message, Response
from tests.support.ledger_rows import balanced
from tests.support.polling import until
from tests.support.server import database_url
from tests.support.settings.quick import REPLY_DEAD
from tests.support.shared_servers import wish
from tests.support.stream_reader import Reader, words

pytestmark = pytest.mark.skipif(connection.vendor != "postgresql", reason="is about PostgreSQL")


@pytest.fixture
def server(make_stage_server, cable):
    """A server at the other end of the cable."""
    url = re.sub(r":\d+/", f":{cable.port}/", database_url())
    return make_stage_server(DATABASE_URL=url)


def test_pages_say_within_five_seconds_that_the_database_is_down(stage, server, cable, alice):
    visitor = stage.visit(server, alice)
    visitor.watch(visitor.ask(wish(pieces=2)).pk)
    token = visitor.token()
    # Many more than there are threads to wait in.
    crowd = [stage.visit(server, alice) for _ in range(20)]
    cable.pull()
    asked = time.monotonic()
    waiting = [stage.aside(each.get, "/") for each in crowd]
    for page in (each.result() for each in waiting):
        assert page.status_code == 503
        assert int(page.headers["Retry-After"]) > 0
        assert "The database does not answer" in page.text
    assert time.monotonic() - asked < 5
    form = {"csrfmiddlewaretoken": token, "text": "Keep me, please", "submission": "x"}
    sent = visitor.http.post("/", data=form)
    assert sent.status_code == 503
    assert "Keep me, please</textarea>" in sent.text
    assert visitor.get("/healthz").status_code == 200
    assert visitor.get("/readyz").status_code == 503
    cable.plug()
    back = time.monotonic()
    until(lambda: visitor.get("/").status_code == 200)
    assert time.monotonic() - back < 5
    assert visitor.get("/readyz").status_code == 200
    again = visitor.ask(wish(pieces=2))
    assert visitor.watch(again.pk)[-1].name == "done"


def test_replies_go_on_through_a_restart_and_end_when_the_database_is_back(
    stage, server, cable, alice
):
    visitor = stage.visit(server, alice)
    long = visitor.ask(wish(pieces=160, pace=0.05))
    ending = visitor.ask(wish(pieces=10, fault="wait"))
    until(lambda: Response.objects.filter(partial="").count() == 0)
    reader, at = Reader(), []
    with visitor.events(long.pk) as stream:
        events = iter(stream)
        reader.take(next(events))
        cable.pull()
        stage.gateway.go.set()  # this one ends while nothing can be stored
        until(lambda: server.inside()["live"] == 2)
        for event in events:
            at.append(time.monotonic())
            if "word60" in reader.take(event).text and cable is not None:
                cable.plug()
                break
        reader.take_all(events)
    assert max(late - early for early, late in pairwise(at)) < 2
    assert (reader.names[-1], reader.status) == ("done", "completed")
    assert reader.text == words(160)
    until(lambda: not Response.objects.open().exists())
    for response, count in ((long, 160), (ending, 10)):
        row = Response.objects.get(pk=response.pk)
        assert (row.status, row.attempts) == ("completed", 1)
        assert Message.objects.get(pk=row.message_id).text.strip() == words(count)


@pytest.mark.parametrize("cut_off", ["both", "one"])
def test_an_outage_longer_than_a_heartbeat_may_rest_takes_no_reply(
    stage, nobody_else, make_stage_server, server, cable, alice, cut_off
):
    """Also of a process that alone is cut off: the other declares its replies dead meanwhile, and
    it puts them back."""
    url = server.environment["DATABASE_URL"] if cut_off == "both" else database_url()
    visitors = [stage.visit(each, alice) for each in (server, make_stage_server(DATABASE_URL=url))]
    responses = [visitors[n % 2].ask(wish(pieces=300, pace=0.05)) for n in range(6)]
    rows = Response.objects.filter(pk__in=[response.pk for response in responses])
    until(lambda: all(row.partial for row in rows.all()), 30)
    cable.pull()
    time.sleep(2 * REPLY_DEAD + 2)
    assert rows.filter(status="interrupted").count() == (0 if cut_off == "both" else 3)
    cable.plug()
    back = time.monotonic()
    until(lambda: visitors[0].get("/").status_code == 200)
    assert time.monotonic() - back < 5
    until(lambda: set(rows.values_list("status", "attempts")) == {("completed", 1)}, 60)
    texts = Message.objects.filter(pk__in=[response.message_id for response in responses])
    assert {text.strip() for text in texts.values_list("text", flat=True)} == {words(300)}
    assert len(stage.gateway.responses) == len(responses)
    assert balanced()


def test_connections_that_the_database_ended_are_replaced(stage, here, visitor):
    """As a restart ends them, for the pool's and for the lanes' alike."""
    response = visitor.ask(wish(pieces=100, pace=0.05))
    until(lambda: Response.objects.get(pk=response.pk).partial)
    for _round in range(3):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        assert visitor.get("/").status_code == 200
        time.sleep(0.6)
    assert Reader().take_all(visitor.watch(response.pk)).text == words(100)
    assert Response.objects.get(pk=response.pk).status == "completed"


def test_a_server_that_starts_before_its_database_serves_when_that_is_there(
    stage, make_stage_server, cable, alice
):
    url = re.sub(r":\d+/", f":{cable.port}/", database_url())
    cable.pull()
    server = make_stage_server(DATABASE_URL=url)
    visitor = stage.visit(server, alice)
    assert visitor.get("/readyz").status_code == 503
    assert visitor.get("/").status_code == 503
    cable.plug()
    until(lambda: visitor.get("/readyz").status_code == 200, 30)
    response = visitor.ask(wish(pieces=2))
    assert visitor.watch(response.pk)[-1].name == "done"


def test_a_long_lock_by_somebody_else_loses_nothing(stage, here, visitor):
    """A table is locked for longer than the lanes wait, as by a careless migration."""
    response = visitor.ask(wish(pieces=60, pace=0.05))
    until(lambda: Response.objects.get(pk=response.pk).partial)
    watching = stage.aside(visitor.watch, response.pk)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {Response._meta.db_table} IN ACCESS EXCLUSIVE MODE")
        time.sleep(8)
    reader = Reader().take_all(watching.result())
    assert (reader.status, reader.text) == ("completed", words(60))
    assert Conversation.objects.count() == 1
