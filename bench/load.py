"""Load generator for benchmarks: many people in one process who each ask for a reply and read it as
it is streamed.

    python -m bench.load SCENARIO.json    prints the results as JSON

The scenario is a JSON object, which `bench.stack.load` writes: the server, people with their
cookies, the model, and how many people ask at a time.
"""

import asyncio
import json
import re
import statistics
import sys
import time
import uuid

import aiohttp
import uvloop

DATED = re.compile(rb"q(\d{6,})z")
REFUSALS = (429, 503)
# Seconds until a refused event stream is asked for again; twice that the next time.
FIRST_PAUSE = 1.0
EVENTS = re.compile(r'data-events="([^"]+)"')


class Reader:
    """Measurement of one reply as one person reads it. `first` is when the first dated piece of
    text arrived, by time.monotonic(); at the end it is in milliseconds since the question. `lags`
    are the delays in milliseconds of the dated pieces (`q<microseconds>z`, the time at which the
    gateway sent them), `seen` these pieces, `error` a text ("": none)."""

    def __init__(self):
        self.first = None
        self.lags = []
        self.seen = set()
        self.error = ""
        # Number of answers with status 503 or 429, to the message or to the event stream.
        self.refused = 0
        # Seconds from asking to the end of the reply.
        self.took = None

    def take(self, data):
        """Record the delays of the dated pieces (`q<microseconds>z`) in `data`, the bytes that have
        just arrived; those seen before are ignored."""
        now = time.monotonic_ns() // 1000
        for dated in DATED.findall(data):
            if dated not in self.seen:
                self.seen.add(dated)
                self.lags.append((now - int(dated)) / 1000)
                if self.first is None:
                    self.first = time.monotonic()


async def ask_site(session, person, model, reader):
    """Send a message to the site and read its reply to the end; note the results in `reader` (a
    Reader). `session` is an aiohttp.ClientSession, `person` a dict with `cookie` and `token`
    (CSRF), `model` the name of the language model."""
    began = time.monotonic()
    fields = {
        "csrfmiddlewaretoken": person["token"],
        "text": "How do I keep retries in bounds?",
        "model": model,
        "submission": str(uuid.uuid4()),
    }
    headers = {"Cookie": person["cookie"], "X-Fragment": "turn"}
    async with session.post("/", data=fields, headers=headers) as answer:
        page = await answer.text()
        if answer.status != 201:
            reader.refused += answer.status in REFUSALS
            reader.error = f"POST {answer.status}"
            return
    events = EVENTS.search(page)[1]
    pause = FIRST_PAUSE
    while not await read_stream(session, events, person, reader):
        # As the page does after a refusal.
        await asyncio.sleep(pause)
        pause = min(pause * 2, 30)
    reader.took = time.monotonic() - began
    if reader.first is not None:
        reader.first = (reader.first - began) * 1000


async def read_stream(session, address, person, reader):
    """Read the event stream at the URL `address` to its end, and note its text in `reader` (a
    Reader). Return False if the server refused it (status 429 or 503), so that it can be tried
    again, else True. `session` is an aiohttp.ClientSession, `person` a dict with the `cookie` of
    their login."""
    rest = b""
    done = False
    async with session.get(address, headers={"Cookie": person["cookie"]}) as answer:
        if answer.status in REFUSALS:
            reader.refused += 1
            return False
        if answer.status != 200:
            reader.error = f"events {answer.status}"
            return True
        async for chunk in answer.content.iter_any():
            reader.take(rest + chunk)
            # A dated piece that was cut in two is read again with the next chunk.
            rest = chunk[-24:]
            done = done or b"event: done" in chunk or b"event: done" in rest
    if not done:
        reader.error = "no done"
    return True


async def ask_baseline(session, person, model, reader):
    """Ask the baseline server for a reply of `model` (a name) and read it to the end; note the
    results in `reader` (a Reader). `session` is an aiohttp.ClientSession, `person` a dict with the
    `cookie` of their login."""
    began = time.monotonic()
    body = {"model": model, "input": "How do I keep retries in bounds?", "stream": True}
    rest = b""
    async with session.post("/relay", json=body, headers={"Cookie": person["cookie"]}) as answer:
        if answer.status != 200:
            reader.refused += answer.status in REFUSALS
            reader.error = f"POST {answer.status}"
            return
        async for chunk in answer.content.iter_any():
            reader.take(rest + chunk)
            rest = chunk[-24:]
    reader.took = time.monotonic() - began
    if reader.first is not None:
        reader.first = (reader.first - began) * 1000


async def main(scenario):
    """Run the `scenario` (a dict) and print its results as JSON: numbers of replies, errors,
    refusals and missing dated pieces; percentiles of the time to the first token and of the delay
    (ms)."""
    ask = ask_site if scenario["kind"] == "site" else ask_baseline
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=180)
    async with aiohttp.ClientSession(
        scenario["url"], connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()
    ) as session:
        people = scenario["people"]
        readers = []
        for _round in range(scenario.get("rounds", 1)):
            tasks = []
            for person in people[: scenario["at_once"]]:
                reader = Reader()
                readers.append(reader)
                tasks.append(asyncio.create_task(ask(session, person, scenario["model"], reader)))
                await asyncio.sleep(scenario["spread"] / scenario["at_once"])
            for result in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(result, Exception):
                    readers[-1].error = repr(result)
    firsts = sorted(reader.first for reader in readers if reader.first is not None)
    lags = sorted(lag for reader in readers for lag in reader.lags)
    rates = [scenario["pieces"] / reader.took if reader.took else 0 for reader in readers]
    expected = (scenario["pieces"] + 3) // 4
    print(
        json.dumps(
            {
                "errors": [reader.error for reader in readers if reader.error][:5],
                "missing": sum(expected - len(reader.seen) for reader in readers),
                "refused": sum(reader.refused for reader in readers),
                "replies": len(readers),
                "first_p50": quantile(firsts, 0.5),
                "first_p95": quantile(firsts, 0.95),
                "lag_p50": quantile(lags, 0.5),
                "lag_p99": quantile(lags, 0.99),
                "tokens_per_second": round(statistics.median(rates)),
                "mean_first": statistics.fmean(firsts) if firsts else None,
            }
        )
    )


def quantile(values, share):
    """Return the value below which the share `share` (0 to 1) of `values` (a sorted list) lies,
    rounded to 2 places; None for an empty list."""
    return round(values[min(int(len(values) * share), len(values) - 1)], 2) if values else None


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        uvloop.run(main(json.load(file)))
