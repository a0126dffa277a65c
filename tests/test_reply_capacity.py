"""A full process: replies go to another that has room, and are refused only where none has."""

from conversations.models import Message, Response
from tests.support.polling import until
from tests.support.shared_servers import wish
from tests.support.stream_reader import words


def test_a_site_refuses_only_when_all_its_processes_are_full(
    stage, nobody_else, make_stage_server, alice
):
    first, second = (
        stage.visit(make_stage_server(MAX_LIVE_REPLIES=2), alice) for _server in range(2)
    )
    held = [who.ask(wish(pieces=3, fault="wait")) for who in (first, first, second)]
    leases = Response.objects.filter(pk__in=[response.pk for response in held])
    until(lambda: leases.filter(status="in_progress").count() == 3)
    assert leases.values("lease").distinct().count() == 2
    # The first is full, the second is not.
    passed_on = first.ask(wish(pieces=3, fault="wait"))
    row = Response.objects.filter(pk=passed_on.pk)
    until(lambda: row.get().status == "in_progress")
    assert row.get().lease == Response.objects.get(pk=held[2].pk).lease
    # Now both are.
    for full in (first, second):
        refused = full.send(wish(pieces=3))
        assert refused.status_code == 503
        assert int(refused.headers["Retry-After"]) > 0
        assert "marmalade" in refused.text
    stage.gateway.go.set()
    until(lambda: not Response.objects.open().exists())
    assert set(Response.objects.values_list("status", "attempts")) == {("completed", 1)}
    assert Message.objects.get(pk=passed_on.message_id).text.strip() == words(3)
