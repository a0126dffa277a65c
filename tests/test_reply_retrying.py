"""Retrying a reply, whatever became of it, makes a sibling; the first one stays."""

import uuid

import pytest

from conversations.models import Message, Response
from tests.support.polling import until
from tests.support.shared_servers import wish


def ended(visitor, how):
    """A Response that ended in the status `how`, from the gateway or by the site."""
    script = {
        "completed": {"pieces": 3},
        "failed": {"status": 401, "body": {"error": {"message": "No."}}},
        "interrupted": {"fault": "close", "text": "One two three four."},
        "cancelled": {"pieces": 300, "pace": 0.05},
    }[how]
    response = visitor.ask(wish(**script))
    if how == "cancelled":
        until(lambda: Response.objects.get(pk=response.pk).partial)
        visitor.post(f"/responses/{response.pk}/stop/")
    visitor.watch(response.pk)
    response.refresh_from_db()
    assert response.status == how
    return response


@pytest.mark.parametrize("how", ["completed", "failed", "interrupted", "cancelled"])
def test_retry_makes_a_sibling_and_leaves_the_first(stage, visitor, how):
    first = ended(visitor, how)
    before = Response.objects.filter(pk=first.pk).values().get()
    page = visitor.get(f"/conversations/{first.conversation_id}/").text
    assert f'action="/messages/{first.message_id}/retry/"' in page
    form = {"submission": str(uuid.uuid4())}
    answer = visitor.post(f"/messages/{first.message_id}/retry/", form)
    assert answer.status_code == 303
    second = Response.objects.exclude(pk=first.pk).get()
    until(lambda: not Response.objects.open().exists() or how == "cancelled")
    old, new = (Message.objects.get(pk=each.message_id) for each in (first, second))
    assert old.parent_id == new.parent_id
    assert new.conversation.active_id == new.pk
    assert Response.objects.filter(pk=first.pk).values().get() == before
    # The same question went to the gateway again, and only that.
    bodies = [request.body["input"] for request in stage.gateway.wait_for(2)]
    assert bodies[0] == bodies[1]
    # The form sent twice is one retry.
    visitor.post(f"/messages/{first.message_id}/retry/", form)
    assert Response.objects.count() == 2


def test_a_retry_while_a_reply_is_written_is_refused(visitor):
    first = ended(visitor, "completed")
    visitor.ask(wish(pieces=200, pace=0.05), first.conversation_id)
    form = {"submission": str(uuid.uuid4())}
    assert visitor.post(f"/messages/{first.message_id}/retry/", form).status_code == 409
    assert Response.objects.count() == 2
