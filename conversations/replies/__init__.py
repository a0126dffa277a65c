"""Replies of the model: storing a message, writing the reply to it, watching it, stopping it.

The only package that uses both the database's models and the gateway's client. This module has the
functions that views and the ASGI handler call; they may be called from any thread, unless their
docstring says otherwise.
"""

import uuid
from copy import copy
from dataclasses import replace

from conversations.database.outage import is_outage
from conversations.models import Response
from conversations.replies import response_states
from conversations.replies.article import show_live
from conversations.replies.capacity import others_have_room
from conversations.replies.engine import Engine
from conversations.replies.event_stream import Viewer, watch
from conversations.replies.live_reply import LiveReply
from conversations.replies.open_streams import TooManyStreams
from conversations.replies.refused import Full
from conversations.replies.submission import Submission, store

__all__ = [
    "Submission",
    "TooManyStreams",
    "Viewer",
    "answering",
    "fill_in",
    "is_busy",
    "offer",
    "run_in_lane",
    "stop",
    "stop_all_of",
    "submit",
    "watch",
    "watched_by",
]


def submit(submission):
    """Store the Submission and start writing the reply to it; return what was stored, a Submitted.

    This process writes the reply. If it has no room but other processes have, or if no server runs
    (a management command, a test's client), the reply stays queued for the first process that looks
    for queued replies, or in which somebody watches it. Raises Full if no process has room, and
    what `submission.store` raises.
    """
    engine = Engine.serving
    if engine is None:
        return store(submission)
    most_bytes = engine.room_for_input(submission.person.pk)
    lease = engine.reserve()
    if lease is None:
        if not others_have_room(engine.lease):
            raise Full
        return store(submission, most_bytes=most_bytes)
    own, response_id = None, uuid.uuid4()
    try:
        submitted = store(submission, lease, response_id, most_bytes)
        # If it was stored before, there is no body: a process has it already.
        own = _own(submitted) if submitted.body else None
        return submitted
    except Exception as error:
        if is_outage(error):
            # The connection may have been lost with the answer to a commit that was done. Whoever
            # sent the message is told that the database does not answer, and may send it again.
            engine.loop.call_soon_threadsafe(engine.doubt, response_id)
        raise
    finally:
        engine.loop.call_soon_threadsafe(engine.use_place, own)


def offer(submitted):
    """Start writing the reply of `submitted` (a Submitted, as `submission.store` returned it) in
    this process, if it is still queued and the process has room; else do nothing."""
    engine = Engine.serving
    if engine is not None:
        pk = submitted.response.pk
        engine.loop.call_soon_threadsafe(engine.offer, pk, _own(submitted))


def _own(submitted):
    """Return a copy of `submitted` (a Submitted) with copies of its Response and Message, for the
    Engine to change while the reply is written: the caller may still render a page from the
    originals."""
    response = copy(submitted.response)
    response.message = copy(submitted.response.message)
    return replace(submitted, response=response)


def watched_by(response_id, person_id):
    """Return the Response with this id if it is that person's and this process writes its reply;
    else None.

    Saves the database query that would check whether the person may watch the reply's event stream.
    """
    engine = Engine.serving
    response = engine.known(response_id) if engine else None
    return response if response and response.person_id == person_id else None


def stop(response):
    """Stop the reply of `response` (a Response), in whichever process it is written; may return
    before it has stopped.

    Its text so far is kept. Does nothing if it has ended already. Raises Response.DoesNotExist if
    the row is gone.
    """
    status = response_states.request_stop(response.pk)
    engine = Engine.serving
    if status == Response.Status.IN_PROGRESS and engine is not None:
        engine.loop.call_soon_threadsafe(engine.end, response.pk, Response.Status.CANCELLED)


def stop_all_of(person_id):
    """Stop all replies that are queued or being written for the person with the id `person_id`."""
    for response in Response.objects.open().filter(person_id=person_id):
        stop(response)


def answering():
    """Return a context manager to answer one HTTP request in: while it is open, storing finished
    replies waits for up to half a second. Call it on the event loop."""
    return Engine.here().priority.answering()


def is_busy(seconds):
    """Return True if this process writes replies, or has answered HTTP requests in the last
    `seconds`. Call it on the event loop."""
    engine = Engine.here()
    return bool(engine.live) or engine.priority.answered_within(seconds)


async def run_in_lane(unit, *arguments):
    """Return `unit(*arguments)`, called in the one thread in which this process stores replies.

    `unit` is a short function that uses the database; it may be called twice, after a lost
    connection. Await it on the event loop.
    """
    return await Engine.here().writing_lane.run(unit, *arguments)


def fill_in(message, *, with_files=True):
    """Set `live_html` or `live_parts` of the Message `message`, an unfinished reply, to the HTML of
    its last checkpoint, for a page that is read without the event stream. `with_files` is False to
    leave out the files that its items made, as for a reviewer. Does nothing if `message` is None.
    """
    if message is None:
        return
    response = message.own_response
    # So that no query is sent for it.
    response.message = message
    live = LiveReply(response)
    live.become(response.partial, response.partial_reasoning, response.partial_items)
    live.refresh()
    show_live(message, live, with_files=with_files)
