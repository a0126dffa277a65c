"""What is queued is sent once, also where the process that should have sent it is gone."""

import time
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from conversations.models import (
    Attachment,
    Budget,
    LanguageModel,
    Message,
    QueuedMessage,
    Response,
    StoredFile,
)
from conversations.replies import queued_message
from tests.support.ledger_rows import REFUSED, a_model, ask, end
from tests.support.polling import until
from tests.support.shared_servers import wish


def queued_after(person, ending=None, text="And then?"):
    """A conversation whose reply ended, and nobody sent what was queued meanwhile."""
    response = ask(person, wish(), model="test-model")
    queued_message.put(
        response.conversation, text, submission=uuid.uuid4(), model=a_model("test-model")
    )
    end(response, ending or {"status": "completed", "usage_source": "reported"})
    return response.conversation


def test_a_message_left_behind_by_a_dead_process_is_sent_once_by_another(stage, alice):
    conversation = queued_after(alice)
    # Two processes find it.
    assert (stage.here.inside()["live"], stage.there.inside()["live"]) == (0, 0)
    until(lambda: not QueuedMessage.objects.exists(), 10)
    until(lambda: not Response.objects.open().exists(), 10)
    asked = Message.objects.filter(conversation=conversation, role="user")
    assert [message.text for message in asked] == [wish(), "And then?"]
    assert [request.said for request in stage.gateway.responses] == ["And then?"]


@pytest.mark.parametrize("minutes", [-10, 10])
def test_it_is_overdue_also_where_the_end_was_dated_by_a_wrong_clock(alice, minutes):
    conversation = queued_after(alice)
    Response.objects.update(finished_at=timezone.now() + timedelta(minutes=minutes))
    assert queued_message.overdue() == [conversation.pk]


def test_after_a_failure_and_after_a_refusal_it_waits_for_the_person(stage, here, alice, bob):
    queued_after(alice, REFUSED)
    Budget.objects.create(person=bob, period="day", metric="replies", limit=1, hard=True)
    queued_after(bob)
    until(lambda: QueuedMessage.objects.filter(refused=True).count() == 1, 10)
    Budget.objects.all().delete()
    conversation = queued_after(alice, text="Me first")
    until(lambda: not QueuedMessage.objects.filter(conversation=conversation).exists(), 10)
    assert QueuedMessage.objects.count() == 2
    until(lambda: stage.gateway.responses, 10)
    assert [request.said for request in stage.gateway.responses] == ["Me first"]


def test_what_was_refused_is_not_sent_by_the_end_of_a_later_reply(stage, here, alice):
    conversation = queued_after(alice, REFUSED)
    QueuedMessage.objects.update(refused=True)
    later = ask(alice, wish(pieces=2), model="test-model", conversation=conversation)
    until(lambda: Response.objects.get(pk=later.pk).status == "completed", 20)
    time.sleep(3.5)  # overdue after two seconds, and looked for every second
    assert QueuedMessage.objects.count() == 1
    assert len(stage.gateway.responses) == 1


@pytest.mark.parametrize("change", [{"text": "On second thoughts"}, {"refused": True}, None])
def test_what_changes_while_it_is_being_sent_is_not_sent_as_it_was(alice, change):
    conversation = queued_after(alice)

    def changed_after_it_was_read(execute, statement, *arguments):
        result = execute(statement, *arguments)
        if "SELECT" in statement and "queuedmessage" in statement and "JOIN" in statement:
            waiting = QueuedMessage.objects.all()
            waiting.update(**change) if change else waiting.delete()
        return result

    with connection.execute_wrapper(changed_after_it_was_read):
        assert queued_message.send(conversation.pk) is None
    assert not Response.objects.open().exists()
    assert QueuedMessage.objects.filter(**(change or {})).exists() == bool(change)


def test_what_is_refused_when_its_turn_comes_stays_as_it_was_written(alice):
    conversation = queued_after(alice)
    Budget.objects.create(person=alice, period="day", metric="replies", limit=1, hard=True)
    assert queued_message.send(conversation.pk) is None
    assert QueuedMessage.objects.get(refused=True).text == "And then?"


def test_what_is_refused_for_its_files_says_why_and_keeps_them(client, alice):
    conversation = queued_after(alice)
    LanguageModel.objects.create(name="with-eyes", images=True)
    queued = QueuedMessage.objects.get()
    stored = StoredFile.objects.create(owner_id=alice.pk, sha256="0" * 64, size=4)
    picture = Attachment.objects.create(
        **{"owner": alice, "conversation": conversation, "queued": queued, "stored": stored},
        **{"name": "cat.png", "media_type": "image/png", "size": 4, "width": 2, "height": 2},
    )
    assert queued_message.send(conversation.pk) is None
    client.force_login(alice)
    page = client.get(f"/conversations/{conversation.pk}/").text
    assert "takes no pictures, and this conversation has some" in page
    assert "with-eyes" in page
    assert "And then?" in page and "cat.png" in page
    # Once more by hand: the reason is the same, and nothing is lost.
    sent = client.post(f"/conversations/{conversation.pk}/queued/", {"action": "send"}, follow=True)
    assert "takes no pictures" in sent.text
    assert QueuedMessage.objects.get().shown_files == [picture]
    # A further message is another one: it may go.
    queued_message.put(conversation, "More", submission=uuid.uuid4(), model=a_model("with-eyes"))
    assert QueuedMessage.objects.get().refusal == ""
