"""Benchmark of a retention run on SQLite: how long it takes, and how long it lets others wait.

    .venv/bin/python -m bench.retention                 1,000,000 messages (an hour, 4 GB of disk)
    .venv/bin/python -m bench.retention --messages N    with N messages

All messages are in conversations that a retention rule deletes. The run goes by pieces with the
least pauses of the nightly job and of `manage.py apply_retention`, while another process stores a
row 20 times a second, as a reply does. Printed are the duration of the run, how long each piece
held the write lock, and how long the other process waited for it, during the run and in the
SECONDS_BEFORE before it.
"""

import argparse
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).parent.parent
SECONDS_BEFORE = 30
WORDS = 40  # of a message
WAIT_ALLOWED = 50  # milliseconds that a reply should wait at most


def main():
    """Read the command line, fill a temporary database, measure and print the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=1_000_000)
    messages = parser.parse_args().messages
    with tempfile.TemporaryDirectory(prefix="bench-retention-") as folder:
        os.environ.update(
            DJANGO_SETTINGS_MODULE="bench.settings",
            SECRET_KEY=secrets.token_urlsafe(50),
            INSECURE_HTTP="true",
            DATABASE_URL=f"sqlite:///{folder}/db.sqlite3",
        )
        subprocess.run([sys.executable, ROOT / "manage.py", "migrate", "-v0"], check=True)
        import django

        django.setup()
        fill(messages)
        with writing(folder) as waits:
            time.sleep(SECONDS_BEFORE)
            before = waits()
            wall, processor, pieces = run()
            during = waits()[len(before) :]
    report(messages, wall, processor, pieces, before, during)


def fill(messages):
    """Create `messages` messages (their number) in conversations of two messages each, all due by a
    retention rule of one day."""
    from django.utils import timezone

    from bench.management.commands import fill_conversations
    from conversations.models import Conversation, RetentionRule

    fill_conversations.fill(messages // 2, people=1_000, words=WORDS)
    Conversation.objects.update(updated_at=timezone.now() - timedelta(days=30))
    RetentionRule.objects.create(days=1)


@contextmanager
def writing(folder):
    """Context manager: run a process that stores a row 20 times a second, and writes how long each
    took to a file in `folder`. Yield a function that returns the list of these times so far, in
    milliseconds."""
    notes = Path(folder, "waits")
    notes.touch()
    process = subprocess.Popen([sys.executable, "-m", "bench.retention_writer", notes])
    try:
        yield lambda: [float(line) for line in notes.read_text().splitlines()]
    finally:
        process.terminate()
        process.wait()


def run():
    """Delete all that is due. Return `(seconds, seconds of processor time, list of the milliseconds
    that each piece took with its transaction)`."""
    from conversations.jobs.runner import LEFT_TO_OTHERS
    from conversations.keeping.sweep import Sweep

    sweep, pieces = Sweep(), []
    began, spent = time.monotonic(), time.process_time()
    while (due := sweep.next()) is not None:
        at = time.monotonic()
        sweep.remove(*due)
        held = time.monotonic() - at
        pieces.append(held * 1_000)
        time.sleep(LEFT_TO_OTHERS * held)
    return time.monotonic() - began, time.process_time() - spent, pieces


def report(messages, wall, processor, pieces, before, during):
    """Print the table of results: `messages` deleted, the run's `wall` and `processor` seconds, and
    percentiles of three lists of milliseconds: the `pieces` of the run, and the other process's
    writes `before` and `during` it."""
    late = sum(wait > WAIT_ALLOWED for wait in during)
    print(f"| {messages:,} messages of {WORDS} words | |\n|---|--:|")
    print(f"| run | {wall:,.0f} s, of which {processor:,.0f} s of processor time |")
    print(f"| processor time for each message | {processor / messages * 1_000:.2f} ms |")
    print(f"| pieces | {len(pieces):,} |")
    print(f"| a piece | {spread(pieces)} |")
    print(f"| wait of the other writer | {spread(during)} |")
    print(f"| its waits above {WAIT_ALLOWED} ms | {late:,} of {len(during):,} |")
    print(f"| its wait without a run | {spread(before)} |")


def spread(times):
    """Return the median, the 95th and 99th percentile and the longest of `times` (milliseconds) as
    text."""
    cuts = statistics.quantiles(times, n=100)
    return (
        f"{statistics.median(times):.1f} ms (median), {cuts[94]:.0f} (95 %), "
        f"{cuts[98]:.0f} (99 %), "
        f"{max(times):.0f} (longest)"
    )


if __name__ == "__main__":
    main()
