"""Replies: submitting a message, writing the reply, watching it, stopping it.

The only package that knows both the models and the gateway. This is its public face: what views
and the site use of it. Functions may be called from any thread, unless they say otherwise.
"""

from copy import copy
from dataclasses import replace

from django.utils.safestring import mark_safe

from conversations.models import Response
from conversations.rendering import THOUGHTS, render
from conversations.replies import response_states
from conversations.replies.capacity import others_have_room
from conversations.replies.engine import Engine
from conversations.replies.event_stream import Viewer, watch
from conversations.replies.open_streams import TooManyStreams
from conversations.replies.refused import Full
from conversations.replies.submission import Submission, store

__all__ = [
    "Submission",
    "TooManyStreams",
    "Viewer",
    "answering",
    "fill_in",
    "offer",
    "run_in_lane",
    "stop",
    "submit",
    "watch",
    "watched_by",
]


def submit(submission):
    """Store the Submission, and have its reply written; the Submitted.

    This process writes it. Where it has no room but others have, or where no server runs (a
    management command, a test's client), it stays queued for whichever process sweeps or is
    watched first. Raises Full where there is no room, and what `submission.store` raises.
    """
    engine = Engine.serving
    if engine is None:
        return store(submission)
    lease = engine.reserve()
    if lease is None:
        if not others_have_room(engine.lease):
            raise Full
        return store(submission)
    own = None
    try:
        submitted = store(submission, lease)
        # One that was stored before has no body, and its process.
        own = _own(submitted) if submitted.body else None
        return submitted
    finally:
        engine.loop.call_soon_threadsafe(engine.use_place, own)


def offer(submitted):
    """Let this process write a queued reply at once, if it has room."""
    engine = Engine.serving
    if engine is not None:
        pk = submitted.response.pk
        engine.loop.call_soon_threadsafe(engine.offer, pk, _own(submitted))


def _own(submitted):
    """A copy with rows for the engine: they change as the reply is written, maybe before the page
    is drawn."""
    response = copy(submitted.response)
    response.message = copy(submitted.response.message)
    return replace(submitted, response=response)


def watched_by(response_id, person_id):
    """The Response, if it is one of the person's that is written here now; saves a query."""
    engine = Engine.serving
    response = engine.known(response_id) if engine else None
    return response if response and response.person_id == person_id else None


def stop(response):
    """Stop a reply wherever it is written. What it has so far is kept."""
    status = response_states.request_stop(response.pk)
    engine = Engine.serving
    if status == Response.Status.IN_PROGRESS and engine is not None:
        engine.loop.call_soon_threadsafe(engine.end, response.pk, Response.Status.CANCELLED)


def answering():
    """A context manager around the answering of a request: ends of replies wait for it a moment.
    On the event loop."""
    return Engine.here().priority.answering()


async def run_in_lane(unit, *arguments):
    """The result of `unit(*arguments)`, called in the thread in which this process stores replies.
    It must be short, and safe to repeat. On the event loop."""
    return await Engine.here().writing_lane.run(unit, *arguments)


def fill_in(message):
    """Give a pending reply the text it has so far, for a page without the event stream."""
    if message is None:
        return
    response = message.own_response
    limits = {"account": response.person_id, "patience": 2, "name": str(message.pk)}
    if response.partial:
        message.live_html = mark_safe(render(response.partial, **limits))  # noqa: S308 (ours)
    if response.partial_reasoning:
        thoughts = render(response.partial_reasoning, THOUGHTS, **limits)
        message.live_reasoning = mark_safe(thoughts)  # noqa: S308 (ours)
