"""A process that is killed between the database and the storage: nothing is lost, nothing stays."""

import os
import signal
import subprocess
import sys
from datetime import timedelta

import pytest
from django.utils import timezone

from conversations.files import draft_files, intake, storage, sweep
from conversations.models import Attachment, Conversation, Message, StoredFile
from tests.support import sample_files as made
from tests.support.server import ROOT, database_url

pytestmark = pytest.mark.django_db(transaction=True)

ERASE = """
from conversations.keeping import removal
from conversations.models import Conversation
removal.remove(Conversation.objects.get(title="to be erased"))
"""
TAKE = """
from conversations.files import intake
from conversations.models import Person
from tests.support import sample_files as made
intake.take(Person.objects.get(username="alice"), made.upload(b"new words", "b.txt"))
"""


def run(code, fatal=""):
    """Run `code` in a process of its own, which is killed at the step `fatal`; its exit status."""
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "INSECURE_HTTP": "true",
        "DJANGO_SETTINGS_MODULE": "tests.support.settings.fatal_storage",
        "FATAL": fatal,
    }
    setup = "import django; django.setup()\n"
    done = subprocess.run(
        [sys.executable, "-c", setup + code], cwd=ROOT, env=environment, timeout=60
    )
    return done.returncode


@pytest.fixture
def kept(alice):
    """A file in a conversation that stays, and the same one and a picture in one to be erased."""
    files = []
    for title in ("to be kept", "to be erased"):
        conversation = Conversation.objects.create(owner=alice, title=title)
        message = Message.objects.create(conversation=conversation, role="user")
        given = [intake.take(alice, made.upload(b"shared", "a.txt"))]
        if title == "to be erased":
            given.append(intake.take(alice, made.upload(made.noise((40, 40)), "a.png")))
        files.append(draft_files.give(given, message))
    return files[0][0]


@pytest.mark.parametrize("fatal", ["delete", "deleted"])
def test_a_deletion_that_is_killed_is_finished_by_the_sweep(kept, fatal):
    before = set(storage.walk())
    assert run(ERASE, fatal) == -signal.SIGKILL
    # The rows are gone with the transaction, and the row of the bytes says what is left to do.
    assert list(Attachment.objects.all()) == [kept]
    assert StoredFile.objects.exclude(unheld_since=None).exists()
    sweep.sweep_piece(timezone.now() + timedelta(hours=2))
    assert StoredFile.objects.get() == kept.stored
    assert storage.read(kept.stored.name) == b"shared"
    assert len(before - set(storage.walk())) == 2


def test_an_intake_that_is_killed_leaves_nothing(kept, alice):
    before = set(storage.walk())
    assert run(TAKE, "saved") == -signal.SIGKILL
    assert len(set(storage.walk()) - before) == 1
    assert not Attachment.objects.filter(name="b.txt").exists()
    # Sent again, it comes in whole.
    assert run(TAKE) == 0
    sweep.sweep_piece(timezone.now() + timedelta(hours=2))
    taken = Attachment.objects.get(name="b.txt")
    assert storage.read(taken.stored.name) == b"new words"
    assert set(storage.walk()) - before == {taken.stored.name}
