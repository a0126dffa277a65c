"""What is asked of the ledger all the time reads only what is open, however long it has grown."""

import pytest
from django.db import connection

from conversations.models import Response
from conversations.replies import recovery
from tests.support.ledger_rows import ask
from tests.support.sqlite_steps import steps_of

pytestmark = pytest.mark.skipif(connection.vendor != "sqlite", reason="counts SQLite's steps")

CONSTANTLY = {
    "what was left behind": lambda person: recovery.left_behind((), recovery.Standstill()),
    "a person's open replies": lambda person: (
        Response.objects.filter(person_id=person.pk).open().count()
    ),
}


@pytest.mark.parametrize("what", CONSTANTLY)
def test_finished_calls_are_not_read(alice, what):
    ask(alice)
    few = steps_of(CONSTANTLY[what], alice)
    Response.objects.bulk_create(
        Response(person_id=alice.pk, model="m-1", status="completed") for _ in range(3_000)
    )
    assert steps_of(CONSTANTLY[what], alice) <= few + 20
