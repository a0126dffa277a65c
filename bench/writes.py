"""Benchmark of database writes: the statements, rows and bytes of the write-ahead log that
streaming replies cost on PostgreSQL.

    python -m bench.writes    writes its table to docs/performance.md
"""

import tempfile
import threading
import time
from pathlib import Path

from bench import stack
from bench.record import keep
from tests.support.postgres import postgres

REPLIES = 50
TOKENS = 400
FIGURES = {
    "transactions": "{:.1f}",
    "statements that read": "{:.1f}",
    "statements that write": "{:.1f}",
    "rows written": "{:.1f}",
    "kB of log (WAL)": "{:.1f}",
}


def main():
    """Start PostgreSQL and the servers, measure, print the table and store it in
    docs/performance.md."""
    with (
        postgres("shared_preload_libraries=pg_stat_statements") as url,
        tempfile.TemporaryDirectory() as folder,
    ):
        folder = Path(folder)
        stack.prepare(folder, ("1:0", f"{TOKENS}:0.05"), url)
        with stack.running(folder) as servers:
            load(folder, "1:0", 1, 5)  # connections and caches
            idle = during(lambda: time.sleep(10))
            idle = {name: count / (10 + SETTLING) for name, count in idle.items()}
            used = stack.cpu(servers["site"])
            seconds = time.monotonic()
            whole = during(lambda: load(folder, f"{TOKENS}:0.05", TOKENS, REPLIES))
            seconds = time.monotonic() - seconds - 2 * SETTLING
            used = stack.cpu(servers["site"]) - used
            streaming = in_the_middle(folder)
    text = f"""\
{REPLIES} new conversations in one second, each reply {TOKENS} tokens at 20 tokens/s (20 s), one
process, PostgreSQL: {seconds:.0f} s in all, {used:.1f} s of the site's processor time. The second
column is of ten seconds while all {REPLIES} are being written, and nothing begins or ends. An idle
process writes its load, for the other processes, every three seconds.

| | per reply, in all | per second of {REPLIES} replies being written | idle, per second |
|---|--:|--:|--:|
"""
    for name, form in FIGURES.items():
        # Without what an idle server writes in the same time.
        written = whole[name] - idle[name] * (seconds + SETTLING)
        figures = (written / REPLIES, streaming[name] / 10, idle[name])
        text += f"| {name} | {' | '.join(map(form.format, figures))} |\n"
    print(text)
    keep("What replies write", text)


def load(folder, model, tokens, people):
    """Ask the site for `people` replies (a number), by as many people within one second, and wait
    for the end of all. Each has `tokens` tokens from the language model named `model`. Raise
    AssertionError if one fails. `folder` is the Path of `stack.prepare`."""
    result = stack.load(folder, "site", model, tokens, at_once=people, spread=1.0)
    assert not result["errors"], result


SETTLING = 12  # seconds; an idle connection gives up its counts after ten


def during(action):
    """Return what the database did while the function `action` ran and in the SETTLING seconds
    after it, as a dict by the names in FIGURES."""
    time.sleep(SETTLING)
    before = counters()
    action()
    time.sleep(SETTLING)
    return difference(before)


def in_the_middle(folder):
    """Return what the database did in ten seconds while REPLIES replies were being streamed, as a
    dict by the names in FIGURES. `folder` is the Path of `stack.prepare`."""
    people = threading.Thread(target=load, args=(folder, f"{TOKENS}:0.05", TOKENS, REPLIES))
    people.start()
    time.sleep(7)
    before = counters()
    time.sleep(10)
    after = difference(before)
    people.join()
    return after


def difference(before):
    """Return by how much each counter has grown since `before`, an earlier result of `counters`, as
    a dict by the names in FIGURES."""
    return {name: value - before[name] for name, value in counters().items()}


def counters():
    """Return PostgreSQL's counters for this database, as a dict by the names in FIGURES; they grow
    from its first start on."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        cursor.execute(
            "SELECT xact_commit, tup_inserted + tup_updated + tup_deleted,"
            " (pg_current_wal_lsn() - '0/0'::pg_lsn) / 1000"
            " FROM pg_stat_database WHERE datname = current_database()"
        )
        commits, rows, wal = cursor.fetchone()
        cursor.execute(
            "SELECT sum(calls) FILTER (WHERE query ~* '^(select|with)'),"
            " sum(calls) FILTER (WHERE query ~* '^(insert|update|delete)')"
            " FROM pg_stat_statements JOIN pg_database ON pg_database.oid = dbid"
            " WHERE datname = current_database()"
        )
        read, written = cursor.fetchone()
    return dict(zip(FIGURES, map(float, (commits, read, written, rows, wal)), strict=True))


if __name__ == "__main__":
    main()
