"""Benchmark of usage reports and of ending a call, with millions of Responses.

    .venv/bin/python -m bench.usage            10 million calls, in a temporary SQLite database
    .venv/bin/python -m bench.usage --calls N  with N calls
    .venv/bin/python -m bench.usage --here     in the database of DATABASE_URL, already filled

The made-up Responses come from the command `fill_ledger` in bench/management. Printed are the
server time of each report (view, database and template, the median of five) and the database time
of ending one call (the median of 200). For PostgreSQL, once its database is filled, put `python -m
tests.support.postgres` in front of the last command.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
ROUNDS = 5
ENDS = 200


def main():
    """Read the command line, create and fill the database unless `--here` is given, and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=10_000_000)
    parser.add_argument("--here", action="store_true", help="measure what DATABASE_URL names")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
    os.environ.setdefault("SECRET_KEY", "for-measuring-only-0123456789-0123456789")
    os.environ.update(INSECURE_HTTP="true", DEBUG="true")
    if options.here:
        return measure()
    with tempfile.TemporaryDirectory(prefix="bench-usage-") as folder:
        os.environ["DATABASE_URL"] = f"sqlite:///{folder}/db.sqlite3"
        for command in (["migrate", "-v0"], ["fill_ledger", f"--calls={options.calls}"]):
            asked = [sys.executable, ROOT / "manage.py", *command, "--settings=bench.settings"]
            subprocess.run(asked, check=True)
        measure()


def measure():
    """Measure the reports and the end of a call, and print the results."""
    import django

    django.setup()
    from django.db import connection

    from conversations.models import Response, UsageDay, UsageRollup

    rows = [f"{model.objects.count():,}" for model in (Response, UsageDay, UsageRollup)]
    print(f"{connection.vendor}: {rows[0]} calls, {rows[1]} days of usage, {rows[2]} roll-ups\n")
    print("| report | days | ms | of it processor |\n|---|--:|--:|--:|")
    reports()
    print()
    ends()


def reports():
    """Time each usage report over 1, 31, 92, 365 and 727 days, requested with Django's test client.
    Print a row of the Markdown table for each report and range: the report's name, the days, and
    the medians of the elapsed and of the processor time in milliseconds (see `median`)."""
    from django.conf import settings
    from django.contrib.auth.models import Group
    from django.test import Client

    from conversations.models import Person, Response

    settings.ALLOWED_HOSTS = ["testserver"]
    settings.DEBUG = False
    viewer, _made = Person.objects.get_or_create(username="viewer", is_superuser=True)
    client = Client()
    client.force_login(viewer, backend=settings.AUTHENTICATION_BACKENDS[0])
    last = Response.objects.latest("created_at").created_at.date() - timedelta(days=3)
    group = Group.objects.first().pk
    for days in (1, 31, 92, 365, 727):
        dates = f"from={last - timedelta(days=days - 1)}&to={last}"
        for name, address in (
            ("people", "/usage/people/?"),
            ("people by group", "/usage/people/?by=group&"),
            ("people by model", "/usage/people/?by=model&"),
            ("people by day", "/usage/people/?by=day&"),
            ("people, one model", "/usage/people/?model=model-07&"),
            ("people, one group", f"/usage/people/?group={group}&"),
            ("people, by median time", "/usage/people/?sort=-total_time_median&"),
            ("people, file", "/usage/people.csv?"),
            ("the gateway's costs", "/usage/costs/?"),
            ("one person", "/usage/people/person-0007/?"),
        ):
            wall, cpu = median(read, client, address + dates)
            print(f"| {name} | {days} | {wall:.0f} | {cpu:.0f} |", flush=True)


def read(client, address):
    """Request the path `address` with the Django test client `client`; return the body of the
    answer as bytes. Raise AssertionError for a status other than 200."""
    answer = client.get(address)
    assert answer.status_code == 200, address
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def median(act, *arguments):
    """Call `act` with `arguments` once, then ROUNDS times; return `(median of the elapsed times,
    median of the processor times)` of the latter, in milliseconds."""
    act(*arguments)
    times = []
    for _ in range(ROUNDS):
        began, worked = time.perf_counter(), time.process_time()
        act(*arguments)
        times.append(((time.perf_counter() - began) * 1000, (time.process_time() - worked) * 1000))
    return map(statistics.median, zip(*times, strict=True))


def ends():
    """Measure and print what the database does when a call (Response) ends: storing it with its
    cost, and updating the budget and the usage sums."""
    from django.db import connection
    from django.utils import timezone

    from conversations.models import Budget, LanguageModel, Person, Response
    from conversations.replies import response_states
    from conversations.replies.submission import Submission, store

    person = Person.objects.get(username="person-0007")
    model = LanguageModel.objects.get(name="model-07")
    Budget.objects.get_or_create(person=person, period="month", metric="tokens", limit=10**9)
    spent, whole, counts = [], [], []
    for _ in range(ENDS):
        wanted = Submission(id=uuid.uuid4(), person=person, model=model, text="Hello")
        response = store(wanted).response
        lease = uuid.uuid4()
        response_states.claim(response.pk, lease)
        fields = {
            "status": Response.Status.COMPLETED,
            "usage_source": Response.UsageSource.REPORTED,
            "first_token_at": timezone.now(),
            "input_tokens": 1_000,
            "output_tokens": 100,
            "total_tokens": 1_100,
        }
        statements = []
        began = time.perf_counter()
        with connection.execute_wrapper(Stopwatch(statements)):
            response_states.finish(response, lease, fields, "An answer.", "<p>An answer.</p>", "")
        whole.append((time.perf_counter() - began) * 1000)
        spent.append(sum(statements) * 1000)
        counts.append(len(statements))
    print(
        f"ending a call: {statistics.median(spent):.2f} ms of database time "
        f"(95 % within {statistics.quantiles(spent, n=20)[-1]:.2f} ms), "
        f"{statistics.median(counts):.0f} statements in one transaction, "
        f"{statistics.median(whole):.2f} ms with the commit and Django's own work"
    )


class Stopwatch:
    """Wrapper for Django's `connection.execute_wrapper` that appends the duration of each SQL
    statement, in seconds, to the list `times`."""

    def __init__(self, times):
        self._times = times

    def __call__(self, execute, sql, params, many, context):
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self._times.append(time.perf_counter() - began)


if __name__ == "__main__":
    main()
