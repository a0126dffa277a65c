"""Calls of a gateway by the site's client, and their events reduced to a Reading."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from conversations.upstream import (
    CODES,
    Attempt,
    Decoder,
    Event,
    Failed,
    Finished,
    Headers,
    Started,
    build_client,
)
from conversations.upstream.folded_items import FoldedItems
from conversations.upstream.probe import PROBE_CODES, probe

# A request, and the text that the scripted gateway answers to it without a script.
ASKED = {"model": "m", "input": [{"type": "message", "role": "user", "content": "one two three"}]}
ECHO = "You said: one two three"


@dataclass
class Reading:
    """Result of one call of the gateway: the reply's text and reasoning, the gateway's id of the
    response, the model that answered, and the last event."""

    text: str
    reasoning: str
    upstream_id: str
    model: str
    end: Finished | Failed


def folded(events: Iterable[Event]) -> Reading:
    """Return the Reading of `events`, all events of one call. Raise AssertionError unless exactly
    one is an end (Finished or Failed) and it comes last."""
    events = list(events)
    ends = [event for event in events if isinstance(event, Finished | Failed)]
    assert len(ends) == 1, events
    assert events[-1] is ends[0]
    started = [event for event in events if isinstance(event, Started)]
    items = FoldedItems()
    for event in events:
        items.take(event)
    return Reading(
        text=items.text,
        reasoning=items.reasoning,
        upstream_id=started[-1].upstream_id if started else "",
        model=started[-1].model if started else "",
        end=ends[0],
    )


def decoded(body: bytes | str, cuts: Iterable[int] = (), **options: object) -> Reading:
    """Return the Reading of `body`, a complete HTTP body. The Decoder, made with `options`, is fed
    in pieces that end at the byte offsets `cuts`."""
    if isinstance(body, str):
        body = body.encode()
    decoder = Decoder(**options)
    events = []
    start = 0
    for end in [*sorted(cuts), len(body)]:
        events += decoder.feed(body[start:end])
        start = end
    return folded(events + decoder.finish())


def ask(url, body=ASKED, *, total_timeout=20.0, busy=0.0, **options):
    """Send the request `body` (a dict) to the gateway at `url` by the site's client, and return the
    list of events. `total_timeout` is the limit for the call in seconds; the consumer of the events
    sleeps `busy` seconds when the headers have arrived, during which nothing is read; `options` are
    those of `build_client`."""

    [events] = ask_in_turn(url, [body], total_timeout=total_timeout, busy=busy, **options)
    return events


def ask_in_turn(url, bodies, *, total_timeout=20.0, busy=0.0, attempts=3, pause=0.0, **options):
    """Send the requests `bodies` (dicts) one after another by one client, `pause` seconds apart;
    return a list of events for each. The other arguments are: `total_timeout`, the limit for each
    in seconds; `attempts`, how often each is tried; `busy`, seconds without reading after the
    headers; `options` of `build_client`."""

    async def calls():
        upstream = build_client(url, "sk-the-secret-key", **options)
        found = []
        try:
            for body in bodies:
                await asyncio.sleep(pause if found else 0)
                found.append([])
                batches = upstream.respond(body, total_timeout=total_timeout, attempts=attempts)
                async for events in batches:
                    if any(isinstance(event, Headers) for event in events):
                        await asyncio.sleep(busy)
                    found[-1] += events
        finally:
            await upstream.close()
        return found

    return asyncio.run(calls())


def attempts(events):
    """Return the list of the numbers of the attempts (1 is the first) that `events` of a call
    record."""
    return [event.number for event in events if isinstance(event, Attempt)]


def models(url, **options):
    """Return the names of models that the gateway at `url` lists; `options` are those of
    `build_client`."""

    async def call():
        upstream = build_client(url, "sk-the-secret-key", **options)
        try:
            return await upstream.models()
        finally:
            await upstream.close()

    return asyncio.run(call())


def findings(url, model="gateway-large"):
    """Run the gateway check (`probe`) against `url` with the model called `model`; return its
    results as `{name of the test: probe.Row}`. Raise AssertionError if a failed one has no code
    or an unknown one, or a successful one has a code."""

    async def rows():
        upstream = build_client(url, "sk-the-secret-key")
        try:
            return [row async for row in probe(upstream, model)]
        finally:
            await upstream.close()

    found = asyncio.run(rows())
    assert all(row.ok != bool(row.code) for row in found)
    assert {row.code for row in found} - {""} <= set(CODES) | set(PROBE_CODES)
    return {row.name: row for row in found}
