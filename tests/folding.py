"""Events of a call, folded into what a reader would see."""

from collections.abc import Iterable
from dataclasses import dataclass

from conversations.upstream import (
    Decoder,
    Event,
    Failed,
    Finished,
    Reasoning,
    Started,
    Text,
)


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
    return Reading(
        text="".join(event.text for event in events if isinstance(event, Text)),
        reasoning="".join(event.text for event in events if isinstance(event, Reasoning)),
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
