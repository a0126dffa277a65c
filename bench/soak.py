"""Runner of the endurance tests (marked `soak`) at full length, on SQLite and then on PostgreSQL.

python -m bench.soak    takes half an hour, writes its table to docs/performance.md, exits with 1
                        if a test failed
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from xml.etree import ElementTree

from bench.record import keep

# Text for tests of faults: 40 replies of a minute each, and messages sent meanwhile.
FAULT = "{whole} replies of {replies} whole, {lost} lost, {doubled} doubled; pages back in {back} s"
# Rows of the table: label, part of the test's name, and a format of what the test recorded.
ROWS = (
    ("processes killed with kill -9", "nemesis", "{kills}"),
    ("messages accepted meanwhile, and there once", "nemesis", "{accepted}"),
    ("streams cut by that, the text of three seconds before kept", "nemesis", "{cuts}"),
    ("streams left in every way", "disconnects", "{disconnects}"),
    ("memory the process grew by", "disconnects", "{grown} kB"),
    ("200 streams at once: threads", "two_hundred", "{threads}"),
    ("files", "two_hundred", "{files}"),
    ("connections to the database", "two_hundred", "{connections}"),
    ("memory with the master", "two_hundred", "{memory} kB"),
    ("submissions of 20 posts at once, each stored and sent once", "parallel", "{submissions}"),
    ("stops from two processes", "stops", "{stops}"),
    ("99 % of them within", "stops", "{p99} s"),
    ("transactions of 50 writers at once, none lost", "writers", "{writes}"),
    ("99 % of them within", "writers", "{p99} s"),
    ("outage of 40 s (SQLite: locked)", "[outage]", FAULT),
    ("hang of 40 s (SQLite: its disk)", "[hang]", FAULT),
    ("disk full for 30 s", "[full_disk]", FAULT),
    ("half of the processes frozen for 30 s", "[freeze]", FAULT),
)


def main():
    """Run the tests on both databases, print the table and store it in docs/performance.md. Return
    True if any test failed."""
    began = time.monotonic()
    sqlite, postgres = run(), run("-m", "tests.support.postgres", sys.executable)
    minutes = (time.monotonic() - began) / 60
    failed = [f"{name} ({database})" for name, database in failures(sqlite, postgres)]
    rows = "".join(
        f"| {label} | {cell(sqlite, test, figure)} | {cell(postgres, test, figure)} |\n"
        for label, test, figure in ROWS
    )
    text = f"""\
`make soak`: {minutes:.0f} minutes of kills, stops, disconnects and faults of the gateway, then the
books. {len(sqlite) + len(postgres)} tests; failed: {", ".join(failed) or "none"}.

| | SQLite | PostgreSQL |
|---|--:|--:|
{rows}"""
    print(text)
    keep("The long run", text)
    return bool(failed)


def run(*runner):
    """Run the endurance tests once; `runner` are arguments for the Python interpreter before those
    that run pytest, such as a module that starts PostgreSQL. Return `{test name: (True if it
    failed, {property: value that the test recorded})}`, without skipped tests."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        # Only this format of the report has the properties that tests record.
        kept = ("-o", "junit_family=xunit1", f"--junitxml={report}")
        subprocess.run(
            [sys.executable, *runner, "-m", "pytest", "-m", "soak", *kept],
            env={**os.environ, "SOAK": "true"},
            check=False,
        )
        cases = ElementTree.parse(report).iter("testcase")
    return {
        case.get("name"): (
            case.find("failure") is not None or case.find("error") is not None,
            {each.get("name"): each.get("value") for each in case.iter("property")},
        )
        for case in cases
        if case.find("skipped") is None
    }


def failures(sqlite, postgres):
    """Yield `(test name, name of the database)` for each failed test. `sqlite` and `postgres` are
    results `{test name: (True if it failed, …)}` of a run on each database."""
    for database, results in (("SQLite", sqlite), ("PostgreSQL", postgres)):
        yield from ((name, database) for name, (failed, _figures) in results.items() if failed)


def cell(results, test, figure):
    """Return the text for a cell of the table: `figure` (a format string) filled with what was
    recorded by the test whose name contains `test`; "–" if there is no such test or value.
    `results` is `{test name: (True if it failed, {property: value that the test recorded})}`."""
    for name, (_failed, recorded) in results.items():
        if test in name:
            try:
                return figure.format_map(recorded)
            except KeyError:
                return "–"
    return "–"


if __name__ == "__main__":
    sys.exit(main())
