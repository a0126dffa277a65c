"""The end of the access log: its triggers, its one head, and heads that were written elsewhere."""

import logging
import threading
from io import StringIO

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections, transaction

from conversations.database import triggers
from conversations.models import AccessLogHead, ReviewAccess
from conversations.review import access_log_heads
from tests.support.access_log import HEAD, LOG, tampering

Action = ReviewAccess.Action


@pytest.fixture
def log(db):
    """Six acts."""
    return [ReviewAccess.objects.record(Action.OPENED, reviewer_id=n) for n in range(1, 7)]


def verify(*arguments):
    """What the command says, and with what error it ended, None without."""
    out = StringIO()
    try:
        call_command("verify_access_log", *arguments, stdout=out)
    except CommandError as error:
        return out.getvalue().splitlines(), str(error)
    return out.getvalue().splitlines(), None


def head():
    [line], error = verify("--head")
    assert error is None
    return line


def cut_off_and_set_back(number):
    """Remove the rows above `number` and set the head back to it, as if they had never been."""
    hash = ReviewAccess.objects.get(number=number).hash
    with tampering() as cursor:
        cursor.execute(f"DELETE FROM {LOG} WHERE number > {number}")
        cursor.execute(f"UPDATE {HEAD} SET number = {number}, hash = '{hash}'")


def write_anew():
    """Another history with hashes that are all right."""
    with tampering() as cursor:
        cursor.execute(f"DELETE FROM {LOG}")
        cursor.execute(f"DELETE FROM {HEAD}")
    for _time in range(8):
        ReviewAccess.objects.record(Action.SEARCHED)


def test_the_head_is_printed_in_a_form_that_can_be_given_back(log):
    assert head() == f"6:{log[-1].hash}"
    lines, error = verify("--since", head(), "--since", f"2:{log[1].hash}")
    assert error is None
    assert lines[-1] == "It has all of the heads that were kept elsewhere: 2."


def test_the_head_of_an_empty_log_can_be_given_back_too(db):
    assert head() == "0:"
    assert verify("--since", "0:")[1] is None


def test_a_head_set_back_with_the_tail_cut_shows_against_one_kept_elsewhere(log):
    kept = head()
    cut_off_and_set_back(4)
    assert verify()[1] is None, "nothing in the database itself can tell"
    lines, error = verify("--since", kept)
    assert lines == ["Row 6 was there when its head was kept elsewhere, and is not now."]
    assert error == "The access log is not as it was written: 1 head."


def test_a_chain_written_anew_shows_against_a_head_kept_elsewhere(log):
    kept = head()
    write_anew()
    assert verify()[1] is None
    assert verify("--since", kept)[0] == [
        "Row 6 has another hash than when its head was kept elsewhere."
    ]


@pytest.mark.parametrize(
    "line",
    [
        "{head}",
        "2026-11-27 10:00:00,000 INFO conversations.review [-] access log head {head}",
        '{{"levelname": "INFO", "message": "access log head {head}", "request_id": "-"}}',
        "access {number}: opened by 6, of None, conversation None, hash {hash}",
    ],
)
def test_heads_are_found_in_a_log_of_the_server(log, tmp_path, line):
    number, _colon, hash = head().partition(":")
    text = line.format(head=head(), number=number, hash=hash)
    file = tmp_path / "server.log"
    file.write_text(f"2026-11-27 INFO something else\n{text}\nreply done\n")
    assert verify("--heads", file)[1] is None
    write_anew()
    assert verify("--heads", file)[1] == "The access log is not as it was written: 1 head."


@pytest.mark.parametrize("given", ["", "6", "6:abc", "x" * 70, "6:" + "g" * 64])
def test_what_is_no_head_is_said_to_be_none(log, given):
    assert "is no head: give NUMBER:HASH" in verify("--since", given)[1]


def test_a_file_without_heads_proves_nothing(log, tmp_path):
    file = tmp_path / "server.log"
    file.write_text("nothing of the kind\n")
    assert verify("--heads", file)[1] == f"There is no head in {file}."
    assert "cannot be read" in verify("--heads", tmp_path / "nowhere")[1]


def test_more_heads_than_one_query_takes_are_compared(log):
    many = [(number % 6 + 1, log[number % 6].hash) for number in range(1_203)]
    assert list(access_log_heads.contradicted(many)) == []
    assert list(access_log_heads.contradicted([*many, (9, "0" * 64)])) == [(9, "missing")]


def on_table(name):
    [table] = [each.table for each in triggers.ACCESS_LOG[connection.vendor] if each.name == name]
    return table


@pytest.mark.parametrize("number", range(6))
def test_a_trigger_that_is_gone_is_named_and_comes_back_with_migrate(log, number):
    names = [each.name for each in triggers.ACCESS_LOG[connection.vendor]]
    name = names[number % len(names)]
    with connection.cursor() as cursor:
        table = on_table(name)
        cursor.execute(
            f"DROP TRIGGER {name}" + (f" ON {table}" if connection.vendor != "sqlite" else "")
        )
    lines, error = verify()
    assert lines == [f"The trigger {name} is missing, disabled or changed."]
    assert error == "The access log is not as it was written: 1 trigger."
    triggers.repair("default")
    assert verify()[1] is None


def test_a_trigger_that_does_nothing_any_more_is_named(log):
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DROP TRIGGER access_log_no_delete")
            cursor.execute(
                f"CREATE TRIGGER access_log_no_delete BEFORE DELETE ON {LOG} BEGIN SELECT 1; END"
            )
            expected = ["access_log_no_delete"]
        else:
            cursor.execute(
                "CREATE OR REPLACE FUNCTION access_log_refuse() RETURNS trigger"
                " LANGUAGE plpgsql AS $$BEGIN RETURN OLD; END$$"
            )
            cursor.execute(f"ALTER TABLE {LOG} DISABLE TRIGGER access_log_no_truncate")
            expected = [each.name for each in triggers.ACCESS_LOG["postgresql"]]
            expected.remove("access_log_head_no_truncate")
    assert triggers.missing(connection) == expected
    triggers.repair("default")
    assert triggers.missing(connection) == []


@pytest.mark.parametrize("columns", ["(2, 1, 'x')", "(0, 0, '')", "(2, 0, '')"])
@pytest.mark.parametrize("filled", [True, False])
def test_there_is_no_second_head(db, filled, columns):
    if filled:
        ReviewAccess.objects.record(Action.OPENED)
    refused = pytest.raises(DatabaseError)
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {HEAD} (id, number, hash) VALUES {columns}")
    ReviewAccess.objects.record(Action.OPENED)
    assert AccessLogHead.objects.count() == 1
    assert verify()[1] is None


@pytest.mark.django_db(transaction=True)
def test_the_head_goes_to_the_log_once_an_hour_whoever_asks(caplog):
    cache.clear()
    ReviewAccess.objects.record(Action.OPENED)
    caplog.clear()
    start = threading.Barrier(4)
    errors = []

    def ask():
        start.wait()
        try:
            for _time in range(5):
                access_log_heads.log_each_hour()
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    with caplog.at_level(logging.INFO, "conversations.review"):
        threads = [threading.Thread(target=ask) for _number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert errors == []
    assert [record.getMessage() for record in caplog.records] == [
        f"access log head {AccessLogHead.current()}"
    ]
    cache.clear()


def test_a_server_of_two_workers_writes_it_once(make_server):
    cache.clear()
    server = make_server(workers=2)
    for _tenth in range(300):
        if "access log head" in server.output():
            break
        threading.Event().wait(0.1)
    threading.Event().wait(3)  # time for the other worker
    assert server.output().count("access log head 0:") == 1
    cache.clear()
