"""Processes for benchmarks: starts the scripted gateway, the baseline server, the site and the load
generator, and measures their processor time and memory. All run on this machine, with one SQLite
file or a given PostgreSQL database."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from tests.support.postgres import find_free_port

ROOT = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
TOKENS_PER_SECOND = 20
PORTS = {name: find_free_port() for name in ("gateway", "baseline", "site")}
URLS = {name: f"http://127.0.0.1:{port}" for name, port in PORTS.items()}
START_SECONDS = 60


def prepare(folder, models, database_url=None, people=200):
    """Create the database, `people` people (a number) with sessions, and a LanguageModel for each
    of the names `models` (`COUNT:SECONDS`, see `bench.gateway`); set the environment variables of
    the servers. Call it once in a process. `folder` is a Path for temporary files; the people's
    cookies are stored there, as people.json. `database_url` is a PostgreSQL database (None: SQLite
    in `folder`)."""
    os.environ.update(
        SECRET_KEY=secrets.token_urlsafe(50),
        INSECURE_HTTP="true",
        DATABASE_URL=database_url or f"sqlite:///{folder}/bench.sqlite3",
        BENCH_DATABASE=f"{folder}/bench.sqlite3",
        OPENAI_BASE_URL=f"{URLS['gateway']}/v1",
        BENCH_GATEWAY=f"{URLS['gateway']}/v1",
        OPENAI_MODEL="1:0",
        AUTO_TITLES="false",
        WEB_CONCURRENCY="1",
        DJANGO_SETTINGS_MODULE="chatsite.settings",
        LOG_LEVEL="WARNING",
        PYTHONPATH=str(ROOT),
    )
    for command in (["migrate"], ["collectstatic", "--noinput"]):
        subprocess.run([sys.executable, "manage.py", *command, "-v0"], cwd=ROOT, check=True)
    import django

    django.setup()
    from conversations.models import LanguageModel, Person
    from tests.support.visitor import session_of

    for name in models:
        LanguageModel.objects.get_or_create(name=name)
    cookies = []
    for number in range(people):
        person = Person.objects.create(username=f"person{number}")
        token = secrets.token_hex(16)
        cookies.append({"cookie": f"session={session_of(person)}; csrf={token}", "token": token})
    (folder / "people.json").write_text(json.dumps(cookies))


@contextmanager
def running(folder, workers=1, **environment):
    """Context manager: start the gateway, the baseline and the site, the last two with `workers`
    workers each, and stop them at the end. `folder` is the Path of `prepare`, `environment` are
    further environment variables. Yields the process ids as `{"gateway": …, "baseline": …, "site":
    …}`, those of the last two of gunicorn's masters."""
    with open(folder / "log", "w") as log:
        start = [sys.executable, "-m", "gunicorn"]
        processes = {
            "gateway": [sys.executable, "-m", "bench.gateway", str(PORTS["gateway"])],
            "baseline": [
                *start,
                *("-k", "asgi", "-w", str(workers), "-b", f"127.0.0.1:{PORTS['baseline']}"),
                "--no-control-socket",
                *("--backlog", "1000", "bench.baseline:application"),
            ],
            "site": [
                *start,
                *("-c", "gunicorn.conf.py", "-b", f"127.0.0.1:{PORTS['site']}"),
                *("--backlog", "1000", "chatsite.asgi:application"),
            ],
        }
        variables = {**os.environ, "WEB_CONCURRENCY": str(workers), **environment}
        started = {
            name: subprocess.Popen(command, cwd=ROOT, env=variables, stdout=log, stderr=log)
            for name, command in processes.items()
        }
        try:
            wait_until_they_serve()
            time.sleep(3)  # the other workers too
            yield {name: process.pid for name, process in started.items()}
        finally:
            for process in started.values():
                process.send_signal(signal.SIGTERM)
            for process in started.values():
                process.wait(60)
            if "Traceback" in (folder / "log").read_text():
                print((folder / "log").read_text()[-4000:], file=sys.stderr)


def wait_until_they_serve():
    """Wait until the gateway, the baseline and the site accept connections. Raise
    ConnectionRefusedError if one does not after START_SECONDS."""
    for port in PORTS.values():
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)


def load(folder, kind, model, pieces, *, at_once, spread, rounds=1, server=None, window=None):
    """Run the load generator (`bench.load`) and return its results as a dict, with `peak`, the most
    resident memory of `server` in bytes.

    `folder` is the Path of `prepare`, `kind` "site" or "baseline", `model` the name of the language
    model and `pieces` the number of pieces it streams. In each of `rounds`, `at_once` people ask,
    spread over `spread` seconds. `server` is the process id of the measured server (None: none).
    `window`, a pair of seconds since the start, adds `cpu_in_window`: the CPU seconds that the
    server used between these two times.
    """
    scenario = {
        "kind": kind,
        "url": URLS[kind],
        "people": json.loads((folder / "people.json").read_text())[:at_once],
        "model": model,
        "pieces": pieces,
        "at_once": at_once,
        "spread": spread,
        "rounds": rounds,
    }
    (folder / "scenario.json").write_text(json.dumps(scenario))
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.load", folder / "scenario.json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    began = time.monotonic()
    peak, marks = 0, []
    while process.poll() is None:
        if server:
            peak = max(peak, memory(server))
        if window and len(marks) < 2 and time.monotonic() - began >= window[len(marks)]:
            marks.append(cpu(server))
        time.sleep(0.05)
    result = json.loads(process.stdout.read())
    result["peak"] = peak
    if window:
        result["cpu_in_window"] = marks[1] - marks[0]
    return result


def family(pid):
    """Return the process id `pid` and those of its child processes, as a list."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


def cpu(pid):
    """Return the seconds of processor time that the server with the process id `pid` and its
    workers have used so far."""
    total = 0
    for member in family(pid):
        fields = Path(f"/proc/{member}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def memory(pid):
    """Return the resident memory, in bytes, of the server with the process id `pid` and its
    workers; pages that they share count for each of them."""
    total = 0
    for member in family(pid):
        for line in Path(f"/proc/{member}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1]) * 1024
    return total
