"""What a streamed reply costs, side by side with the smallest honest relay on the same stack.

python -m bench.replies [--quick]    prints a table and, unless quick, keeps it in
                                     docs/performance.md

Everything runs on this machine and takes turns: a fast gateway, the baseline, the site (login,
storing and rendering included) and the people. Trust the ratios; the machine may be shared.
"""

import json
import os
import secrets
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from bench.record import keep

ROOT = Path(__file__).resolve().parent.parent
QUICK = "--quick" in sys.argv
EXPLANATION = """\
Measured by `make bench`: in one run and in turn, a fast scripted gateway, a *baseline* (one async
Django view behind session and authentication that passes bytes through by httpx's own transport)
and the site with login, storing, rendering, search index and books. Medians of five rounds; what is
compared was measured one right after the other, since the machine may be shared. Times to the first
word are those of a script that posts the form and then opens the event stream.

"""
ROUNDS = 1 if QUICK else 5
TICKS = os.sysconf("SC_CLK_TCK")
TOKENS_PER_SECOND = 20


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        prepare(folder)
        with running(folder) as servers:
            results = measure(folder, servers)
    (ROOT / "bench" / "last.json").write_text(json.dumps(results, indent=1))
    print(table(results))
    if not QUICK:
        keep("A streamed reply", EXPLANATION + table(results))


def prepare(folder, database_url=None):
    """A fresh database with people, sessions and the models that tell the gateway what to send."""
    os.environ.update(
        SECRET_KEY=secrets.token_urlsafe(50),
        INSECURE_HTTP="true",
        DATABASE_URL=database_url or f"sqlite:///{folder}/bench.sqlite3",
        BENCH_DATABASE=f"{folder}/bench.sqlite3",
        OPENAI_BASE_URL="http://127.0.0.1:8391/v1",
        BENCH_GATEWAY="http://127.0.0.1:8391/v1",
        OPENAI_MODEL="1:0",
        AUTO_TITLES="false",
        WEB_CONCURRENCY="1",
        DJANGO_SETTINGS_MODULE="chatsite.settings",
        LOG_LEVEL="WARNING",
        PYTHONPATH=str(ROOT),
    )
    for command in (["migrate"], ["createcachetable"], ["collectstatic", "--noinput"]):
        subprocess.run([sys.executable, "manage.py", *command, "-v0"], cwd=ROOT, check=True)
    import django

    django.setup()
    from conversations.models import LanguageModel, Person
    from tests.support.visitor import session_of

    for pieces in ("1:0", "10:0.05", "200:0.05", "400:0.05", "10000:0.0005"):
        LanguageModel.objects.get_or_create(name=pieces)
    people = []
    for number in range(200):
        person = Person.objects.create(username=f"person{number}")
        token = secrets.token_hex(16)
        people.append({"cookie": f"session={session_of(person)}; csrf={token}", "token": token})
    (folder / "people.json").write_text(json.dumps(people))


@contextmanager
def running(folder):
    """The gateway, the baseline and the site; yields their addresses and master's pids."""
    with open(folder / "log", "w") as log:
        start = [sys.executable, "-m", "gunicorn"]
        processes = {
            "gateway": [sys.executable, "-m", "bench.gateway", "8391"],
            "baseline": [
                *start,
                *("-k", "asgi", "-w", "1", "-b", "127.0.0.1:8392", "--no-control-socket"),
                *("--backlog", "1000", "bench.baseline:application"),
            ],
            "site": [
                *start,
                *("-c", "gunicorn.conf.py", "-b", "127.0.0.1:8393", "--backlog", "1000"),
                "chatsite.asgi:application",
            ],
        }
        started = {
            name: subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
            for name, command in processes.items()
        }
        time.sleep(6)
        try:
            yield {name: process.pid for name, process in started.items()}
        finally:
            for process in started.values():
                process.send_signal(signal.SIGTERM)
            for process in started.values():
                process.wait(30)
            if "Traceback" in (folder / "log").read_text():
                print((folder / "log").read_text()[-4000:], file=sys.stderr)


def measure(folder, servers):
    results = {}
    idle = {name: memory(servers[name]) for name in ("site", "baseline")}
    for kind in ("baseline", "site"):
        load(folder, kind, "1:0", 1, at_once=5, spread=0.5, rounds=2)
    results["idle_mb"] = {name: round(value / 1e6, 1) for name, value in idle.items()}
    # While all fifty are being written; what it costs to begin one has its own rows.
    results["fifty"] = turns(
        folder, servers, "400:0.05", 400, at_once=50, spread=1.0, window=(6.0, 18.0)
    )
    results["single"] = turns(
        folder, servers, "10:0.05", 10, at_once=1, spread=0, rounds=20 if QUICK else 30
    )
    results["burst"] = turns(folder, servers, "10:0.05", 10, at_once=50, spread=1.0, rounds=2)
    results["fast"] = turns(folder, servers, "10000:0.0005", 10_000, at_once=1, spread=0)
    before = memory(servers["site"])
    results["many"] = turns(folder, servers, "400:0.05", 400, at_once=200, spread=10.0)
    results["memory_per_reply_kb"] = (results["many"]["site"]["peak"] - before) / 200 / 1e3
    return results


def turns(folder, servers, model, pieces, *, kinds=("baseline", "site"), **how):
    """Baseline and site in turn, ROUNDS times; medians of what was seen, and `runs`, all of it."""
    seen = {kind: [] for kind in kinds}
    for _round in range(ROUNDS):
        for kind in kinds:
            before = cpu(servers[kind])
            result = load(folder, kind, model, pieces, server=servers[kind], **how)
            result["cpu"] = cpu(servers[kind]) - before
            result["cpu_per_reply"] = result["cpu"] / result["replies"] * 1e3
            result["cpu_per_1000_whole"] = result["cpu_per_reply"] / pieces * 1e3
            if "window" in how:
                begin, end = how["window"]
                tokens = how["at_once"] * (end - begin) * TOKENS_PER_SECOND
                result["cpu_per_1000"] = result["cpu_in_window"] / tokens * 1e6
            seen[kind].append(result)
    medians = {
        kind: {
            key: (
                statistics.median(run[key] for run in runs)
                if isinstance(runs[0][key], int | float)
                else [run[key] for run in runs]
            )
            for key in runs[0]
        }
        for kind, runs in seen.items()
    }
    return medians | {"runs": seen}


def load(folder, kind, model, pieces, *, at_once, spread, rounds=1, server=None, window=None):
    scenario = {
        "kind": kind,
        "url": "http://127.0.0.1:8393" if kind == "site" else "http://127.0.0.1:8392",
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
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


def cpu(pid):
    """Seconds of processor time of a server and its workers so far."""
    total = 0
    for member in family(pid):
        fields = Path(f"/proc/{member}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def memory(pid):
    """Bytes resident of a server and its workers; shared pages count for each."""
    total = 0
    for member in family(pid):
        for line in Path(f"/proc/{member}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1]) * 1024
    return total


def ratio(seen, key):
    """The site's figure by the baseline's, each time of the same round: their median."""
    return statistics.median(site / baseline for baseline, site in rounds(seen, key))


def added(seen):
    """What the site adds to the baseline's first token, p95, in the same round: the median."""
    more = statistics.median(site - baseline for baseline, site in rounds(seen, "first_p95"))
    return f"{more:+.0f}"


def rounds(seen, key):
    """Pairs of what baseline and site took in the same round."""
    runs = seen["runs"]
    return [
        (baseline[key], site[key])
        for baseline, site in zip(runs["baseline"], runs["site"], strict=True)
    ]


def table(results):
    """The figures as Markdown, each beside what it must be."""
    fifty, single, burst, many = (results[name] for name in ("fifty", "single", "burst", "many"))
    fast = results["fast"]
    errors = {name: results[name]["site"]["errors"] for name in ("fifty", "burst", "fast", "many")}
    errors = {name: found for name, found in errors.items() if any(found)}
    rows = [
        ("what (one worker, SQLite)", "baseline", "site", "ratio or added", "must be", "aim"),
        ("---",) * 6,
        (
            "CPU ms per 1,000 tokens, while 50 replies are written at 20 tokens/s",
            f"{fifty['baseline']['cpu_per_1000']:.0f}",
            f"{fifty['site']['cpu_per_1000']:.0f}",
            f"{ratio(fifty, 'cpu_per_1000'):.2f}",
            "≤ 0.75",
            "≤ 0.6",
        ),
        (
            "CPU ms per reply of 10 tokens, beginning and end included",
            f"{burst['baseline']['cpu_per_reply']:.0f}",
            f"{burst['site']['cpu_per_reply']:.0f}",
            f"{ratio(burst, 'cpu_per_reply'):.1f}",
            "",
            "",
        ),
        (
            "time to first token, one reply, p50, ms",
            f"{single['baseline']['first_p50']}",
            f"{single['site']['first_p50']}",
            f"{ratio(single, 'first_p50'):.2f}",
            "≤ 2",
            "≤ 1.2",
        ),
        (
            "50 new conversations within 1 s: first token p95, ms",
            f"{burst['baseline']['first_p95']}",
            f"{burst['site']['first_p95']}",
            added(burst),
            "≤ 250 added",
            "≤ 120",
        ),
        (
            "200 replies at 20 tokens/s, begun within 10 s: first token p95, ms",
            f"{many['baseline']['first_p95']}",
            f"{many['site']['first_p95']}",
            added(many),
            "≤ 250 added",
            "≤ 60",
        ),
        ("… dated pieces missing", "", f"{many['site']['missing']:.0f}", "", "0", "0"),
        (
            "text behind the gateway at 50 replies, p50 and p99, ms",
            f"{fifty['baseline']['lag_p50']} {fifty['baseline']['lag_p99']}",
            f"{fifty['site']['lag_p50']} {fifty['site']['lag_p99']}",
            "",
            "≤ 100",
            "≤ 60",
        ),
        (
            "tokens/s that reach the reader of one reply which the gateway sends at 2,000/s",
            f"{fast['baseline']['tokens_per_second']:.0f}",
            f"{fast['site']['tokens_per_second']:.0f}",
            f"{ratio(fast, 'tokens_per_second'):.2f}",
            "≥ 0.9",
            "",
        ),
        (
            "… CPU ms per 1,000 tokens of it",
            f"{fast['baseline']['cpu_per_1000_whole']:.0f}",
            f"{fast['site']['cpu_per_1000_whole']:.0f}",
            f"{ratio(fast, 'cpu_per_1000_whole'):.2f}",
            "≤ 0.75",
            "",
        ),
        (
            "memory idle with gunicorn's arbiter, MB",
            f"{results['idle_mb']['baseline']}",
            f"{results['idle_mb']['site']}",
            "",
            "≤ 125",
            "≤ 100",
        ),
        (
            "memory per open reply, kB",
            "",
            f"{results['memory_per_reply_kb']:.0f}",
            "",
            "≤ 150",
            "≤ 80",
        ),
    ]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines.append("")
    lines.append(f"Errors: {errors or 0}.")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
