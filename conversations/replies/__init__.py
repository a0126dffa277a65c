"""Making a reply: order, claim, run, watch, checkpoint, stop, recover.

The only place that knows both the models and the gateway. What views need of it is here.
"""

from copy import copy

from django.conf import settings
from django.utils.safestring import mark_safe

from conversations.models import Response
from conversations.rendering import THOUGHTS, render
from conversations.replies import response_states
from conversations.replies.engine import Engine
from conversations.replies.event_stream import Viewer, watch

__all__ = ["Viewer", "begin", "fill_in", "full", "offer", "stop", "watch", "watched_by"]


def full():
    """Whether this process can take no further reply now."""
    engine = Engine.serving
    return engine is not None and (engine.draining or engine.load >= settings.MAX_LIVE_REPLIES)


def begin(ordering, *arguments, offered=None, **asked):
    """The Response that `ordering`, a function of replies.order, stores; from any thread.

    Where this process has room it is stored as begun here, and begins. Else, as where no server
    runs (a management command, a test's client), it stays queued for whoever sweeps or watches
    first. `offered` are the person's models, where they are at hand. Raises what `ordering` does.
    """
    engine = Engine.serving
    lease = engine.promise() if engine else None
    begun = None
    try:
        response = ordering(*arguments, lease=lease, **asked)
        response.offered = offered
        # One that was ordered before has no body, and its process.
        if lease and response.body:
            begun = _own(response)
    finally:
        if lease:
            engine.loop.call_soon_threadsafe(engine.keep_promise, begun)
    return response


def offer(response):
    """Let this process begin a queued reply at once, if it has room; from any thread."""
    engine = Engine.serving
    if engine is not None:
        engine.loop.call_soon_threadsafe(engine.offer, response.pk, _own(response))


def _own(response):
    """Rows for the engine: they change as the reply is written, maybe before the page is drawn."""
    own = copy(response)
    own.message = copy(response.message)
    return own


def watched_by(response_id, person_id):
    """The Response, if it is one of the person's that is written here now; saves a query."""
    engine = Engine.serving
    if engine is None:
        return None
    live = engine.live.get(response_id)
    response = live.response if live else engine.ordered.get(response_id)
    return response if response and response.person_id == person_id else None


def stop(response):
    """Stop a reply wherever it is written; from any thread. What it has so far is kept."""
    status = response_states.request_stop(response.pk)
    engine = Engine.serving
    if status == Response.Status.IN_PROGRESS and engine is not None:
        engine.loop.call_soon_threadsafe(engine.end, response.pk, Response.Status.CANCELLED)


def fill_in(message):
    """Give a pending reply the text it has so far, for a page without the event stream."""
    if message is None:
        return
    call = message.call
    limits = {"account": call.person_id, "patience": 2}
    if call.partial:
        message.live_html = mark_safe(render(call.partial, **limits))  # noqa: S308 (ours)
    if call.partial_reasoning:
        thoughts = render(call.partial_reasoning, THOUGHTS, **limits)
        message.live_reasoning = mark_safe(thoughts)  # noqa: S308 (ours)
