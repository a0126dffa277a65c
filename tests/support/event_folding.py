"""Calls of the gateway, and their events folded into what a reader would see."""

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

# What the scripted gateway answers, told nothing else.
ASKED = {"model": "m", "input": [{"type": "message", "role": "user", "content": "one two three"}]}
ECHO = "You said: one two three"


@dataclass
class Reading:
    """A whole call."""

    text: str
    reasoning: str
    upstream_id: str
    model: str
    end: Finished | Failed


def folded(events: Iterable[Event]) -> Reading:
    """Fold events; asserts that there is one end and that it comes last."""
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
    """Decode a whole body, fed in pieces that end at `cuts`."""
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
    """Make one call and give its events; who takes them is busy for that many seconds when
    the answer begins."""

    [events] = ask_in_turn(url, [body], total_timeout=total_timeout, busy=busy, **options)
    return events


def ask_in_turn(url, bodies, *, total_timeout=20.0, busy=0.0, attempts=3, pause=0.0, **options):
    """Make calls one after the other by the same client, `pause` seconds apart, and give the
    events of each."""

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
    """Give the numbers of the attempts that were made."""
    return [event.number for event in events if isinstance(event, Attempt)]


def models(url, **options):
    """Ask for the list of models."""

    async def call():
        upstream = build_client(url, "sk-the-secret-key", **options)
        try:
            return await upstream.models()
        finally:
            await upstream.close()

    return asyncio.run(call())


def findings(url, model="gateway-large"):
    """Probe a gateway and give the rows by their names."""

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
