"""The access log: chained, append-only, and tampering shows."""

import threading
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections, transaction

from conversations.models import AccessLogHead, Permanent, ReviewAccess
from tests.support.access_log import HEAD, LOG, tampering

Action = ReviewAccess.Action


@pytest.fixture
def log(db):
    """Six acts."""
    return [
        ReviewAccess.objects.record(Action.OPENED, reviewer_id=n, detail={"n": n}, reason="other")
        for n in range(1, 7)
    ]


def verify():
    """What the command says, and whether it failed."""
    out = StringIO()
    try:
        call_command("verify_access_log", stdout=out)
    except CommandError as error:
        return out.getvalue().splitlines(), str(error)
    return out.getvalue().splitlines(), None


def test_a_whole_log_is_found_whole(log):
    lines, fault = verify()
    assert fault is None
    assert lines == [f"The access log is whole: 6 rows, the last {log[-1].hash}."]


def test_an_empty_log_is_whole(db):
    assert verify() == (["The access log is empty."], None)


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        (f"UPDATE {LOG} SET reviewer_id = 9 WHERE number = 3", ["Row 3 was edited."]),
        (f"UPDATE {LOG} SET reason = 'legal' WHERE number = 6", ["Row 6 was edited."]),
        (f"UPDATE {LOG} SET address = '10.0.0.1' WHERE number = 1", ["Row 1 was edited."]),
        (f"UPDATE {LOG} SET detail = '{{}}' WHERE number = 4", ["Row 4 was edited."]),
        (f"UPDATE {LOG} SET hash = previous WHERE number = 2", ["Row 2 was edited."]),
        (f"DELETE FROM {LOG} WHERE number = 1", ["Row 1 was removed."]),
        (f"DELETE FROM {LOG} WHERE number IN (3, 4)", ["Row 3 was removed.", "Row 4 was removed."]),
        (f"DELETE FROM {LOG} WHERE number > 5", ["Row 6 was removed."]),
        (f"DELETE FROM {LOG}", [f"Row {n} was removed." for n in range(1, 7)]),
        (f"DELETE FROM {HEAD}", [f"Row {n} was added." for n in range(1, 7)]),
    ],
)
def test_tampering_is_found_and_named(log, change, finding):
    with tampering() as cursor:
        cursor.execute(change)
    lines, fault = verify()
    assert lines == finding
    assert fault == f"The access log is not as it was written: {len(finding)} rows."


def test_rows_that_changed_places_are_found(log):
    with tampering() as cursor:
        for old, new in ((3, 99), (4, 3), (99, 4)):
            cursor.execute(f"UPDATE {LOG} SET number = {new} WHERE number = {old}")
    assert verify()[0] == ["Row 3 was reordered.", "Row 4 was reordered."]


def test_removing_a_row_and_closing_the_gap_is_found(log):
    with tampering() as cursor:
        cursor.execute(f"DELETE FROM {LOG} WHERE number = 3")
        for number in (4, 5, 6):
            cursor.execute(f"UPDATE {LOG} SET number = {number - 1} WHERE number = {number}")
    assert verify()[0] == [
        "Row 3 was reordered.",
        "Row 4 was reordered.",
        "Row 5 was reordered.",
        "Row 6 was removed.",
    ]


def test_an_edit_with_a_fresh_hash_is_found(log):
    forged = log[2]
    forged.reviewer_id = 9
    with tampering() as cursor:
        cursor.execute(
            f"UPDATE {LOG} SET reviewer_id = 9, hash = %s WHERE number = 3",
            [forged.computed_hash()],
        )
    assert verify()[0] == ["Row 3 was edited."]


def test_the_last_row_with_a_fresh_hash_is_found(log):
    forged = log[5]
    forged.reviewer_id = 9
    with tampering() as cursor:
        cursor.execute(
            f"UPDATE {LOG} SET reviewer_id = 9, hash = %s WHERE number = 6",
            [forged.computed_hash()],
        )
    assert verify()[0] == ["Row 6 was edited."]


@pytest.mark.parametrize(
    "change",
    [
        f"UPDATE {LOG} SET reviewer_id = 9 WHERE number = 3",
        f"DELETE FROM {LOG} WHERE number = 3",
        f"DELETE FROM {LOG}",
        f"DELETE FROM {HEAD}",
        f"UPDATE {HEAD} SET number = 3",
        f"UPDATE {HEAD} SET hash = ''",
    ],
)
def test_the_database_refuses_changes(log, change):
    refused = pytest.raises(DatabaseError, match="append-only")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)
    assert verify()[1] is None


def test_the_database_refuses_to_write_over_a_row(log):
    if connection.vendor == "sqlite":
        over = f"INSERT OR REPLACE INTO {LOG} SELECT * FROM {LOG} WHERE number = 3"
    else:
        over = (
            f"INSERT INTO {LOG} SELECT * FROM {LOG} WHERE number = 3 "
            "ON CONFLICT (number) DO UPDATE SET reviewer_id = 9"
        )
    refused = pytest.raises(DatabaseError, match="append-only")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(over)


@pytest.mark.django_db(transaction=True)
def test_postgresql_refuses_to_truncate():
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has no TRUNCATE")
    ReviewAccess.objects.record(Action.SEARCHED)
    for table in (LOG, HEAD):
        refused = pytest.raises(DatabaseError, match="append-only")
        with refused, connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {table}")


def test_the_code_refuses_changes(log):
    row = ReviewAccess.objects.get(number=3)
    row.reason = "legal"
    rows = ReviewAccess.objects.filter(number=3)
    for change in (
        row.save,
        row.delete,
        rows.delete,
        lambda: rows.update(reason="legal"),
        lambda: ReviewAccess.objects.bulk_update([row], ["reason"]),
        lambda: ReviewAccess.objects.bulk_create([ReviewAccess(number=9)]),
    ):
        with pytest.raises(Permanent):
            change()
    assert verify()[1] is None


def test_a_row_is_gone_with_the_transaction_that_wrote_it(log):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        ReviewAccess.objects.record(Action.SEARCHED)
        raise ZeroDivisionError
    assert ReviewAccess.objects.count() == 6
    assert verify()[1] is None


@pytest.mark.django_db(transaction=True)
def test_the_chain_holds_under_twenty_writers():
    start = threading.Barrier(20)
    errors = []

    def write(reviewer):
        start.wait()
        try:
            for _time in range(5):
                ReviewAccess.objects.record(Action.OPENED, reviewer_id=reviewer)
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    writers = [threading.Thread(target=write, args=[n]) for n in range(20)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert errors == []
    assert ReviewAccess.objects.count() == AccessLogHead.objects.get().number == 100
    assert verify()[1] is None
