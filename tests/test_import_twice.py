"""The same file imported twice at once by one person: each of its conversations comes in once."""

import io
import json
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest

import pytest
from django.db import transaction

from conversations.models import Conversation, Job, Message, SearchEntry
from conversations.search import search
from conversations.transfer import native_json
from conversations.transfer.bringing_in import Importer
from tests.support.review_stage import converse
from tests.support.visitor import PATIENCE
from tests.test_import_limits import conversation

COUNT = 120
# More messages than come in at once, so that it takes several pieces.
LONG = conversation(COUNT, *(f"turn {number}" for number in range(450)))
FILE = json.dumps(
    [*(conversation(number, f"question {number}", "answer") for number in range(COUNT)), LONG]
).encode()


def everything_is_there_once(person):
    found = Conversation.objects.of(person)
    assert found.count() == COUNT + 1
    assert not found.exclude(trashed_at=None).exists()
    assert Message.objects.filter(conversation__owner=person).count() == 2 * COUNT + 450
    entries = SearchEntry.objects.filter(owner_id=person.pk)
    assert entries.exclude(message=None).count() == 2 * COUNT + 450
    assert entries.filter(message=None).count() == COUNT + 1
    assert len(search("answer", [person.pk], limit=1_000)) == COUNT


@pytest.mark.parametrize("kind", ["theirs", "ours"])
def test_two_imports_piece_by_piece_in_turn(alice, bob, kind):
    file = FILE
    if kind == "ours":
        exported = converse(alice)
        file = native_json.write(exported).encode()
    importers = [Importer(bob, io.BytesIO(file)) for _number in range(2)]
    # Both have read a piece before either stores it.
    pieces = [list(iter(importer.read, None)) for importer in importers]
    for first, second in zip_longest(*pieces):
        for importer, piece in zip(importers, (first, second), strict=True):
            if piece:
                with transaction.atomic():
                    importer.store(piece)
    if kind == "theirs":
        everything_is_there_once(bob)
    else:
        assert Conversation.objects.of(bob).count() == 1
        assert Message.objects.filter(conversation__owner=bob).count() == 3


def test_two_imports_at_a_real_server(server, visit, alice):
    visitors = [visit(server, alice) for _number in range(3)]
    files = {"file": ("conversations.json", FILE, "application/json")}
    with ThreadPoolExecutor(len(visitors)) as threads:
        answers = list(threads.map(lambda each: each.post("/data/", files=files), visitors))
    assert {answer.status_code for answer in answers} <= {200, 303}
    deadline = time.monotonic() + PATIENCE
    while alice.jobs.filter(state__in=Job.OPEN).exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert {job.state for job in alice.jobs.all()} == {Job.State.DONE}
    everything_is_there_once(alice)
    again = visitors[0].post("/data/", files=files)
    assert again.status_code == 200
    assert f"{COUNT + 1} conversations were here already" in again.text
    everything_is_there_once(alice)
