"""kill -9 in the middle of a background job: it goes on, nothing is doubled and nothing lost."""

import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from conversations.jobs.import_work import order_import
from conversations.models import Conversation, Job, Message
from conversations.transfer.bringing_in import bring_in
from conversations.transfer.report import Report
from tests.support.polling import until
from tests.test_import_limits import conversation

pytestmark = pytest.mark.stress


def mixed_file():
    """Many short conversations, one longer than a piece, one known already and one broken."""
    found = [conversation(number, f"Question {number}", "Answer") for number in range(1, 1_200)]
    found[600] = conversation(9_000, *(f"Text {number}" for number in range(900)))
    found += [conversation(5, "Question 5", "Answer"), {"title": "Broken", "mapping": {"x": 1}}]
    return json.dumps(found).encode()


def everything(person):
    return (
        sorted(Conversation.objects.of(person).values_list("title", "trashed_at", "active__text")),
        sorted(
            Message.objects.filter(conversation__owner=person).values_list(
                "conversation__title", "text", "parent__text"
            )
        ),
    )


@pytest.mark.parametrize("next_one", ["another server", "the next start"])
def test_an_import_goes_on_after_a_kill(nobody_else, make_stage_server, alice, bob, next_one):
    content = mixed_file()
    whole = bring_in(bob, io.BytesIO(content))
    server = make_stage_server()
    other = make_stage_server() if next_one == "another server" else server
    job = order_import(alice, SimpleUploadedFile("conversations.json", content))
    for kill in range(3):
        stored = Job.objects.get(pk=job.pk).done
        until(lambda before=stored: Job.objects.get(pk=job.pk).done > before, 60)
        server.kill()
        if kill == 0:
            assert 0 < Conversation.objects.of(alice).count() < 1_200
        server.start()
        server, other = other, server
    job.refresh_from_db()
    until(lambda: not Job.objects.filter(pk=job.pk, state__in=Job.OPEN).exists(), 60)
    job.refresh_from_db()
    assert job.state == Job.State.DONE
    assert Report.from_json(job.report).lines() == whole.lines()
    assert everything(alice) == everything(bob)
