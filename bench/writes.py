"""What replies write to the database: transactions, rows and bytes of PostgreSQL's log.

python -m tests.postgres python -m bench.writes    for docs/scaling.md
"""

import os
import tempfile
import time
from pathlib import Path

from bench import replies
from bench.record import keep

REPLIES = 50
TOKENS = 400


def main():
    url = os.environ["DATABASE_URL"]
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        replies.prepare(folder, url)
        with replies.running(folder) as servers:
            load(folder, "1:0", 1, 5)  # connections and caches
            idle = during(lambda: time.sleep(10))
            used = replies.cpu(servers["site"])
            busy = during(lambda: load(folder, f"{TOKENS}:0.05", TOKENS, REPLIES))
            used = replies.cpu(servers["site"]) - used
    text = f"""\
{REPLIES} new conversations in one second, each reply {TOKENS} tokens at 20 tokens/s (20 s), one
process, PostgreSQL: {busy["seconds"]:.0f} s in all, {used:.1f} s of the site's processor time.

| | per reply | per second of all {REPLIES} | idle, per second |
|---|--:|--:|--:|
| transactions | {busy["xact"] / REPLIES:.0f} | {busy["xact"] / busy["seconds"]:.0f} | \
{idle["xact"] / idle["seconds"]:.1f} |
| rows written | {busy["rows"] / REPLIES:.0f} | {busy["rows"] / busy["seconds"]:.0f} | \
{idle["rows"] / idle["seconds"]:.1f} |
| log (WAL) bytes | {busy["wal"] / REPLIES / 1e3:.0f} kB | \
{busy["wal"] / busy["seconds"] / 1e3:.0f} kB | {idle["wal"] / idle["seconds"] / 1e3:.1f} kB |
"""
    print(text)
    keep("What replies write", text)


def load(folder, model, tokens, people):
    result = replies.load(folder, "site", model, tokens, at_once=people, spread=1.0)
    assert not result["errors"], result


def during(action):
    """What the database counted while `action` ran."""
    time.sleep(12)  # an idle connection gives up its counts after ten seconds
    before, began = counters(), time.monotonic()
    action()
    time.sleep(12)
    return {
        "seconds": time.monotonic() - began - 12,
        **{name: value - before[name] for name, value in counters().items()},
    }


def counters():
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT xact_commit, tup_inserted + tup_updated + tup_deleted,"
            " pg_current_wal_lsn() - '0/0'::pg_lsn"
            " FROM pg_stat_database WHERE datname = current_database()"
        )
        commits, rows, wal = cursor.fetchone()
    return {"xact": commits, "rows": rows, "wal": float(wal)}


if __name__ == "__main__":
    main()
