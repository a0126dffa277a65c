"""Benchmark of rendering: the CPU time of refreshing the HTML of a reply while it is streamed, and
of rendering a whole message.

    .venv/bin/python -m bench.rendering

Prints the shortest of five runs, for replies of three kinds. A token counts as four characters; a
reply of 20 tokens a second that is refreshed ten times a second gets two tokens for each refresh.
"""

import sys
from pathlib import Path
from time import process_time

sys.path.insert(0, str(Path(__file__).parent.parent))

from conversations.rendering import Stream, render

TOKEN = 4
TOKENS_A_REFRESH = 2

PROSE = """## What goes wrong

A retry looks harmless: the call failed, so make it again. But the service that failed did so
because it was *overloaded*, and every client that tries again adds to the load that broke it.
What was a short dip becomes an outage that lasts as long as the clients are stubborn.

The remedy has **three parts**. The first is a budget: out of a hundred calls at most ten may be
retries, counted over the last minute. The second is patience, which means waiting longer after
each failure, and not all waiting equally long. The third is to send the same key each time, so
that a call that did get through is not carried out twice; see [the guide](https://example.org).

"""
MIXED = """### Steps

1. **Budget**: allow retries for at most 10 % of the calls, see `budget.py`.
2. **Backoff**: exponential with *full* jitter, from 200 ms up to 20 s.
   - honour `Retry-After`
   - give up after three attempts
3. **Idempotency**: the same key for each attempt.

| Strategy | Calls | Cost |
|:---------|------:|-----:|
| none | 4,000 | 1.00 |
| naive | 8,000 | 2.00 |
| **budget** | 4,400 | 1.10 |

With $p$ the share of failures, the expected number of calls is $\\frac{n}{1-p}$, so a service
that fails half of the time is called twice as often.

```python
def call(request, budget):
    while True:
        try:
            return send(request)
        except Overloaded:
            if not budget.spend():
                raise
```

"""
CODE = (
    "Here is the whole module.\n\n```python\n"
    + '''class Budget:
    """Allows a share of the calls of the last minute to be retries."""

    def __init__(self, share: float = 0.1) -> None:
        self.share = share
        self.calls = deque()

    def spend(self) -> bool:
        now = monotonic()
        while self.calls and self.calls[0] < now - 60:
            self.calls.popleft()
        return len(self.calls) * self.share >= 1

'''
    * 8
    + "```\n\nUse it as shown.\n\n"
)
REPLIES = {"prose": PROSE * 8, "mixed": MIXED * 8, "code": CODE * 2}


def streamed(text: str) -> tuple[float, int, int]:
    """Render `text` (Markdown) as if it were streamed. Return `(CPU seconds, number of refreshes,
    number of characters parsed)`, each of all refreshes together."""
    size = TOKEN * TOKENS_A_REFRESH
    stream = Stream()
    before = process_time()
    for at in range(0, len(text), size):
        stream.append(text[at : at + TOKEN])
        stream.append(text[at + TOKEN : at + size])
        stream.refresh()
    stream.finish()
    return process_time() - before, -(-len(text) // size), stream.rendered_characters


def whole(text: str) -> float:
    """Render `text` (Markdown) at once, and return the CPU seconds that this took."""
    before = process_time()
    render(text)
    return process_time() - before


def main() -> None:
    """Measure the CPU time of rendering each text of REPLIES, streamed and as a whole, and print
    the table."""
    for text in REPLIES.values():
        render(text)
    rows = {name: ([], []) for name in REPLIES}
    for _ in range(5):
        for name, text in REPLIES.items():
            rows[name][0].append(streamed(text))
            rows[name][1].append(whole(text))
    print("reply    characters  µs a refresh  ms per 1,000 tokens  parsed/length  ms whole/10 kB")
    for name, (streams, wholes) in rows.items():
        length = len(REPLIES[name])
        seconds, refreshes, parsed = min(streams)
        print(
            f"{name:8} {length:10,} {seconds / refreshes * 1e6:13.1f}"
            f" {seconds / length * TOKEN * 1e6:20.1f} {parsed / length:14.2f}"
            f" {min(wholes) / length * 1e7:15.1f}"
        )


if __name__ == "__main__":
    main()
