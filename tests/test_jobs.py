"""Background jobs: long work in pieces, with its progress, cancelled by its owner, resumed."""

import io
import json
import os
import time
import uuid
from datetime import timedelta
from itertools import pairwise

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import RequestFactory
from django.utils import timezone

from chatsite.upload_handler import SpoolHandler
from conversations.conversation_list import trash
from conversations.jobs import lease as leases
from conversations.jobs import run_briefly
from conversations.jobs.erase_work import order_emptying
from conversations.jobs.import_space import NoImportSpace, check_space
from conversations.jobs.import_work import keep_upload, order_import
from conversations.jobs.runner import FORGOTTEN, Runner, cancel, clean_up
from conversations.keeping.piece_size import MOST
from conversations.keeping.sweep import remove_next
from conversations.models import Conversation, Job, Message
from tests.test_import_limits import conversation


@pytest.fixture(autouse=True)
def imports(settings, tmp_path):
    settings.IMPORT_FOLDER = tmp_path / "imports"
    return settings.IMPORT_FOLDER


@pytest.fixture
def me(client, alice):
    client.force_login(alice)
    return client


def tiny(count, first=1):
    """A file of so many tiny conversations."""
    return json.dumps([conversation(first + number, "Q", "A") for number in range(count)]).encode()


def upload(content):
    return SimpleUploadedFile("conversations.json", content)


def finish(runner, most=5_000):
    for _step in range(most):
        if not runner.step():
            return
    raise AssertionError("It does not end.")


def trashed(owner, count):
    now = timezone.now()
    return Conversation.objects.bulk_create(
        Conversation(owner=owner, title=f"T {number}", trashed_at=now) for number in range(count)
    )


def test_a_long_import_goes_on_in_the_background_and_says_how_far_it_is(me, alice, imports):
    sent = me.post("/data/", {"file": upload(tiny(1_200))})
    assert sent.status_code == 303
    url = sent.headers["Location"]
    page = me.get(url).content.decode()
    assert "<progress" in page and '<noscript><meta http-equiv="refresh"' in page
    assert url in me.get("/data/").content.decode()
    assert "<html" not in me.get(url, headers={"X-Fragment": "job"}).content.decode()
    finish(Runner())
    page = me.get(url).content.decode()
    assert "1200 conversations came in." in page and "refresh" not in page
    assert Conversation.objects.of(alice).count() == 1_200
    assert list(imports.iterdir()) == []


def test_a_job_is_only_its_owners(client, alice, bob):
    job = order_import(alice, upload(tiny(1)))
    client.force_login(bob)
    assert client.get(f"/jobs/{job.pk}/").status_code == 404
    assert client.post(f"/jobs/{job.pk}/cancel/").status_code == 404
    job.refresh_from_db()
    assert job.state == Job.State.WAITING


def test_one_job_of_a_person_runs_at_a_time_and_others_take_turns(alice, bob):
    hers = [order_import(alice, upload(tiny(200, 1 + 1_000 * number))) for number in range(3)]
    his = order_import(bob, upload(tiny(200, 9_000)))
    runner = Runner()
    for _step in range(3):
        runner.step()
    states = list(Job.objects.filter(owner=alice).values_list("state", flat=True))
    assert states.count("running") == 1 and states.count("waiting") == 2
    his.refresh_from_db()
    assert his.state == Job.State.RUNNING
    assert leases.claim(uuid.uuid4(), is_here=lambda job: True) is None
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.filter(pk__in=[job.pk for job in hers]).update(state=Job.State.RUNNING)
    finish(runner)
    assert set(Job.objects.values_list("state", flat=True)) == {"done"}
    assert Conversation.objects.count() == 800


def test_what_a_dead_process_left_goes_on_elsewhere_without_doubles(alice):
    job = order_import(alice, upload(tiny(1_000)))
    dead = Runner()
    for _step in range(3):
        dead.step()
    part = Conversation.objects.count()
    assert 0 < part < 1_000
    other = Runner()
    assert not other.step()
    Job.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=1))
    finish(other)
    job.refresh_from_db()
    assert (job.state, job.report["conversations"], job.report["known"]) == ("done", 1_000, 0)
    assert Conversation.objects.count() == 1_000
    while dead.step():
        pass  # Its lease is lost: it stores nothing.
    assert Conversation.objects.count() == 1_000


def test_an_import_is_cancelled_by_its_owner_and_what_came_in_stays(me, alice, imports):
    job = order_import(alice, upload(tiny(1_000)))
    runner = Runner()
    runner.step()
    runner.step()
    assert me.post(f"/jobs/{job.pk}/cancel/").headers["Location"] == f"/jobs/{job.pk}/"
    there = Conversation.objects.count()
    finish(runner)
    assert 0 < there == Conversation.objects.count() < 1_000
    page = me.get(f"/jobs/{job.pk}/").content.decode()
    assert "It was cancelled." in page and f"{there} conversations came in." in page
    assert list(imports.iterdir()) == []


def test_half_a_conversation_of_a_cancelled_import_goes(alice):
    long = json.dumps([conversation(1, *["text"] * 900)]).encode()
    job = order_import(alice, upload(long))
    runner = Runner()
    runner.step()
    assert 0 < Message.objects.count() < 900
    job.refresh_from_db()
    cancel(job)
    finish(runner)
    assert not Conversation.objects.exists()


def test_a_file_that_is_none_fails_with_a_sentence(me, alice, imports):
    refused = me.post("/data/", {"file": upload(b"hello")})
    assert refused.status_code == 422
    assert "There is no conversation in this file." in refused.content.decode()
    job = order_import(alice, upload(b"hello"))
    finish(Runner())
    page = me.get(f"/jobs/{job.pk}/").content.decode()
    assert "There is no conversation in this file." in page
    assert list(imports.iterdir()) == []


def test_what_ends_each_process_is_given_up(alice, imports):
    job = order_import(alice, upload(tiny(1)))
    Job.objects.update(attempts=leases.MOST_ATTEMPTS)
    assert not Runner().step()
    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    assert list(imports.iterdir()) == []


def test_a_job_whose_file_lies_elsewhere_is_left_to_the_machine_that_has_it(me, alice, imports):
    job = order_import(alice, upload(tiny(1)))
    (imports / job.subject).unlink()
    assert not Runner().step()
    job.refresh_from_db()
    if connection.vendor != "sqlite":
        assert (job.state, job.attempts) == ("waiting", 0)
        Job.objects.update(created_at=timezone.now() - timedelta(days=2))
        assert not Runner().step()
        job.refresh_from_db()
    # On SQLite there is no other machine.
    assert job.state == "failed"
    assert "does not have the file any more" in me.get(f"/jobs/{job.pk}/").content.decode()


def test_only_so_many_imports_of_a_person_wait(me, alice):
    Job.objects.bulk_create(Job(owner=alice, kind="import", subject="x") for _n in range(20))
    refused = me.post("/data/", {"file": upload(tiny(1))})
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")
    assert "So many files wait already." in refused.content.decode()


def test_waiting_files_of_a_person_have_a_share_of_the_space(me, alice, bob, settings):
    settings.MAX_IMPORT, settings.IMPORT_SPACE = 1_000, 4_000
    order_import(alice, upload(b"x" * 600))
    refused = me.post("/data/", {"file": upload(b"x" * 600)})
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")
    assert "So many files wait already." in refused.content.decode()
    check_space(bob.pk, 1_000)
    settings.IMPORT_SPACE = 1_500
    with pytest.raises(NoImportSpace) as full:
        check_space(bob.pk, 1_000)
    assert not full.value.is_share


def test_a_small_trash_is_empty_at_once_and_a_large_one_in_the_background(me, alice, bob):
    trashed(alice, 3)
    assert me.post("/trash/empty/").headers["Location"] == "/trash/"
    assert not Conversation.objects.exists()
    trashed(alice, 8_000)
    kept = trashed(bob, 1)[0]
    url = me.post("/trash/empty/").headers["Location"]
    assert url.startswith("/jobs/")
    assert 0 < Conversation.objects.of(alice).count() < 8_000
    # What is deleted later stays in the trash.
    later = trashed(alice, 1)[0]
    finish(Runner())
    assert set(Conversation.objects.all()) == {kept, later}
    assert "It is done." in me.get(url).content.decode()


def test_a_long_conversation_is_erased_in_pieces(alice):
    [long] = trashed(alice, 1)
    thread = [Message(conversation=long, role="user", text=f"word {n}") for n in range(MOST + 50)]
    for parent, message in pairwise(thread):
        message.parent = parent
    Message.objects.bulk_create(thread)
    job = order_emptying(alice)
    run_briefly(job, 0)
    assert 0 < Message.objects.count() < len(thread)
    finish(Runner())
    assert not Conversation.objects.exists()


def test_a_long_conversation_that_is_due_is_erased_in_pieces(alice):
    [long] = trashed(alice, 1)
    Message.objects.bulk_create(
        Message(conversation=long, role="user", text=f"word {number}")
        for number in range(MOST + 50)
    )
    due = long.trashed_at + timedelta(days=trash.TRASH_DAYS)
    left = []
    while remove_next(due):
        left.append(Message.objects.count())
    assert len(left) > 1
    assert not Conversation.objects.exists()


def test_old_jobs_and_files_without_a_job_are_removed(alice, imports):
    job = order_import(alice, upload(tiny(1)))
    left = imports / "left"
    left.write_bytes(b"x")
    for path in imports.iterdir():
        os.utime(path, (0, 0))
    old = timezone.now() - timedelta(days=31)
    Job.objects.create(owner=alice, kind="erase", state="done", finished_at=old)
    clean_up()
    assert [path.name for path in imports.iterdir()] == [job.subject]
    assert list(Job.objects.all()) == [job]
    assert io.BytesIO((imports / job.subject).read_bytes()).read() == tiny(1)


def test_a_file_that_came_whole_but_got_no_job_is_swept_a_day_later(alice, imports):
    """As when the process dies after it has renamed the file, and before it stores the job."""
    handler = SpoolHandler(RequestFactory().post("/data/"))
    handler.new_file("file", "conversations.json", "application/json", 4)
    handler.receive_data_chunk(b"left", 0)
    upload = handler.file_complete(4)
    name = keep_upload(upload)
    upload.close()
    Runner().step()
    assert (imports / name).read_bytes() == b"left"
    os.utime(imports / name, times=(time.time() - FORGOTTEN - 1,) * 2)
    Runner().step()
    assert list(imports.iterdir()) == []
