"""Benchmark of capacity: how many replies at a time the site can stream with one and with two
workers, compared with the baseline server (`bench.baseline`).

    python -m bench.replies --capacity            needs an idle machine and about fifteen minutes
    python -m bench.replies --capacity --quick    a tenth of the replies, to try it

The load generator and the scripted gateway share the processors with the measured server, so the
figures are lower than those of a server that has the same number of processors to itself.
"""

import resource

from bench.stack import TOKENS_PER_SECOND, load, running

HEADING = "Many replies at a time"
BEGUN_PER_SECOND = 20
# Seconds of each reply: longer than it takes to begin them all, so that all are open at once.
SECONDS = 60
SIZES = (200, 600, 1_000)
WORKERS = (1, 2)
# MAX_LIVE_REPLIES and MAX_STREAMS by default. With more replies for each worker they are raised, to
# see what would be.
DEFAULT = 500
EXPLANATION = """\
Measured by `make bench` (or `python -m bench.replies --capacity`): {begun} new conversations in a
second until that many replies are being written at once, each for {seconds} s at 20 tokens/s, on
SQLite. Gateway and load generator share the processors with what is measured. The relay is the
baseline of "A streamed reply". A reply that no process takes, and an event stream that a full one
refuses, count as refused; the load generator asks for a stream again, as the page does. Every
fourth piece is dated: from these come its delay behind the gateway, and those that never arrive.
Each cell has the relay's figure and the site's.

"""
HEAD = """\
| workers | replies | first token p95, ms | dated pieces missing | text late, p99, ms | refused |
|--:|--:|--:|--:|--:|--:|
"""


def model(quick):
    """Return the name of the language model (`COUNT:SECONDS`, see `bench.gateway`), by which the
    scripted gateway streams `pieces(quick)` tokens at TOKENS_PER_SECOND."""
    return f"{pieces(quick)}:{1 / TOKENS_PER_SECOND}"


def pieces(quick):
    """Return the number of tokens of one reply; with `quick` a sixth of the usual number."""
    return seconds(quick) * TOKENS_PER_SECOND


def seconds(quick):
    """Return for how many seconds one reply is streamed; with `quick` a sixth of the usual time."""
    return SECONDS // 6 if quick else SECONDS


def measure(folder, quick=False):
    """Run the benchmark with the database that `stack.prepare` made in `folder` (a Path), for each
    number of workers and of replies. Print each row of the table as it is measured, and return the
    section for docs/performance.md (Markdown). `quick`: with a tenth of the replies."""
    allow_many_files()
    text = EXPLANATION.format(begun=BEGUN_PER_SECOND, seconds=seconds(quick)) + HEAD
    print(text)
    sizes = [size // 10 for size in SIZES] if quick else SIZES
    for workers in WORKERS:
        limit = str(max(DEFAULT, max(sizes) // workers))
        for size in sizes:
            # New servers each time, so that no row is affected by the one before.
            limits = dict.fromkeys(("MAX_LIVE_REPLIES", "MAX_STREAMS"), limit)
            # The load generator is one address, which may have a quarter of the connections.
            with running(folder, workers, MAX_CONNECTIONS="20000", **limits):
                line = row(folder, workers, size, quick)
            text += f"{line}\n"
            print(line, flush=True)
    return text


def row(folder, workers, size, quick):
    """Measure `size` replies at a time on the baseline and the site, which run with `workers`
    workers each; `folder` and `quick` as in `measure`. Return the row of the table as Markdown."""
    found = []
    for kind in ("baseline", "site"):
        load(folder, kind, "1:0", 1, at_once=5, spread=0.5, rounds=2)
        spread = size / BEGUN_PER_SECOND
        found.append(load(folder, kind, model(quick), pieces(quick), at_once=size, spread=spread))
    for each in found:
        if each["errors"]:
            print(each["errors"])
    names = ("first_p95", "missing", "lag_p99", "refused")
    cells = [" and ".join(str(each[name]) for each in found) for name in names]
    return f"| {workers} | {size} | {' | '.join(cells)} |"


def allow_many_files():
    """Raise this process's limit of open files to the highest allowed; the processes that it starts
    inherit it. A thousand replies are three thousand connections."""
    _soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
