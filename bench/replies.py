"""Benchmark of streamed replies: their CPU time, memory and delay on the site, compared with the
baseline server (`bench.baseline`) on the same machine.

    python -m bench.replies [--quick] [--capacity]

It prints tables and, without `--quick`, writes them to docs/performance.md; with `--capacity` only
the table of `bench.capacity`. A scripted gateway, the baseline, the site and the load generator all
run on this machine, baseline and site in turn. Their ratios are reliable even where the machine is
used by others.
"""

import json
import statistics
import sys
import tempfile
from pathlib import Path

from bench import capacity
from bench.record import keep
from bench.stack import ROOT, TOKENS_PER_SECOND, cpu, load, memory, prepare, running

QUICK = "--quick" in sys.argv
EXPLANATION = """\
Measured by `make bench`: in one run and in turn, a fast scripted gateway, a *baseline* (one async
Django view behind session and authentication that passes bytes through by httpx's own transport)
and the site with login, storing, rendering, search index and books. Medians of five rounds; what is
compared was measured one right after the other, since the machine may be shared. Times to the first
word are those of a script that posts the form and then opens the event stream.

"""
ROUNDS = 1 if QUICK else 5
MODELS = ("1:0", "10:0.05", "400:0.05", "10000:0.0005")


def main():
    """Start the servers, run the benchmarks and print the tables; without `--quick` store them in
    docs/performance.md. The figures of all runs go to bench/last.json."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        prepare(folder, (*MODELS, capacity.model(QUICK)), people=max(capacity.SIZES))
        if "--capacity" not in sys.argv:
            with running(folder) as servers:
                results = measure(folder, servers)
            (ROOT / "bench" / "last.json").write_text(json.dumps(results, indent=1))
            print(table(results))
            if not QUICK:
                keep("A streamed reply", EXPLANATION + table(results))
        text = capacity.measure(folder, QUICK)
    if not QUICK:
        keep(capacity.HEADING, text)


def measure(folder, servers):
    """Run all scenarios on the baseline and the site. Return `{name of the scenario: result of
    turns}`, and under "idle_mb" the memory of each idle server in MB, under "memory_per_reply_kb"
    that of the site for each open reply in kB. `folder` is the Path of the temporary site's files,
    `servers` has the process ids of the servers by name."""
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
    """Run one scenario ROUNDS times on each server in turn. Return `{server: {figure: median}}`,
    and under "runs" `{server: [figures of each run]}`. `servers` has the process ids by the names
    of servers, `kinds` the names of those to measure. The gateway streams `pieces` pieces as the
    name `model` says; `how` are further arguments of `stack.load`, such as the number of people at
    once."""
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


def ratio(seen, key):
    """Return the median, over the rounds of `seen` (returned by `turns`), of the site's figure
    `key` divided by the baseline's."""
    return statistics.median(site / baseline for baseline, site in rounds(seen, key))


def added(seen):
    """Return, as text with a sign, by how many milliseconds the site's 95th percentile of the time
    to the first token is above the baseline's: the median over the rounds of `seen` (returned by
    `turns`)."""
    more = statistics.median(site - baseline for baseline, site in rounds(seen, "first_p95"))
    return f"{more:+.0f}"


def rounds(seen, key):
    """Return a list of `(baseline's figure, site's figure)`, one for each round of `seen` (returned
    by `turns`); `key` is the name of the figure."""
    runs = seen["runs"]
    return [
        (baseline[key], site[key])
        for baseline, site in zip(runs["baseline"], runs["site"], strict=True)
    ]


def table(results):
    """Return `results`, those of `measure`, as a table in Markdown: each figure of the baseline and
    of the site, with the limit and the aim for it."""
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
