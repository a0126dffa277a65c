"""States of a Response, `queued → in_progress →` one final state, and the changes between them.

Each change is one guarded UPDATE: it names the state that it starts from and the `lease`, the UUID
of the process that writes the reply. A process that comes too late changes no row. All functions
are units of work for a Lane, safe to repeat: a write whose connection broke may have been done
already.
"""

import json

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from conversations import usage
from conversations.database.statements import as_stored, change, from_stored, moment, rows
from conversations.files import container_files
from conversations.models import Response
from conversations.models.response import RATES, TOKENS
from conversations.search import index

Status = Response.Status


def claim(response_id, lease):
    """Claim the queued Response for the process with this `lease` (UUID); return True if that
    process has it now.

    The first attempt at the gateway is counted here, before it is made: after a crash the usage
    records rather name a request that was not sent than miss one that was.
    """
    queued = Response.objects.filter(pk=response_id, status=Status.QUEUED)
    return (
        bool(queued.update(**begun(lease)))
        or Response.objects.filter(pk=response_id, status=Status.IN_PROGRESS, lease=lease).exists()
    )


def begun(lease):
    """Return the columns (a dict) that mark a Response as being written by the process with this
    `lease` (UUID), from now on."""
    return {
        "status": Status.IN_PROGRESS,
        "lease": lease,
        "attempts": 1,
        # By this process's clock, as the other times of the Response: reports subtract them.
        "started_at": timezone.now(),
        "heartbeat_at": Now(),
    }


def load(response_id):
    """Return the Response with this id, its message and conversation loaded; None if it is gone."""
    return Response.objects.select_related("message", "conversation").filter(pk=response_id).first()


def count_attempt(response_id, lease, number):
    """Store that the request of this Response is about to be sent for the `number`-th time.

    Does nothing if the process with this `lease` does not write it.
    """
    Response.objects.filter(pk=response_id, lease=lease).update(attempts=number)


def checkpoint(lease, texts, alive):
    """Store text so far and heartbeat of the replies that the process with this `lease` (UUID)
    writes, in one transaction.

    `texts` has an Unsaved (see partial_items) for each reply whose text has changed; `alive` are
    the ids of the Responses of all replies and titles that it writes. Returns two sets of these
    ids: those that somebody asked to stop, and those that, by the database, it does not write any
    more.
    """
    silent = set(alive) - {text.id for text in texts}
    with transaction.atomic():
        if texts:
            _write_texts(lease, texts)
        if silent:
            Response.objects.filter(pk__in=silent, lease=lease, status=Status.IN_PROGRESS).update(
                heartbeat_at=Now()
            )
        ours = _ours(lease)
    stop = {pk for pk, requested in ours.items() if requested}
    return stop, set(alive) - set(ours)


# One statement for all: an ORM update costs ten times as much, and there is one every 0.4 s for
# every reply being written. With the heartbeat in it, to the second on SQLite: PostgreSQL looks up
# all that a row refers to when one transaction writes it twice, which cost more than the rest.
_CHECKPOINT = """
UPDATE conversations_response
SET partial = %s, partial_reasoning = %s, partial_items = COALESCE(%s, partial_items),
    first_token_at = COALESCE(first_token_at, %s), heartbeat_at = CURRENT_TIMESTAMP
WHERE id = %s AND lease = %s AND status = 'in_progress'
"""


def _ours(lease):
    """Return `{id: True if asked to stop}` for the Responses that the process with this `lease`
    (UUID) is writing."""
    return {from_stored(pk): bool(asked) for pk, asked in rows(_OURS, as_stored(lease))}


_OURS = """
SELECT id, stop_requested FROM conversations_response
WHERE lease = %s AND status = 'in_progress'
"""


def _write_texts(lease, texts):
    """Store each Unsaved of `texts` in the row of its Response, if the process with this `lease`
    writes that."""
    ours = as_stored(lease)
    values = [
        (
            *(each.text, each.reasoning, None if each.items is None else json.dumps(each.items)),
            *(moment(each.first_token_at), as_stored(each.id), ours),
        )
        for each in texts
    ]
    with connection.cursor() as cursor:
        cursor.executemany(_CHECKPOINT, values)


def finish(response, lease, fields, text, html, reasoning, reasoning_html="", items=None):
    """End the Response and store its message, unless it has ended already; safe to repeat.

    `lease` is the UUID of the process that writes it, `fields` the columns of the end (dict),
    followed by the final texts and their HTML, and the items (None for a plain reply). Returns the
    columns as written (dict), usage and cost among them; None if that process no longer writes it.
    """
    ours = Response.objects.filter(pk=response.pk, lease=lease)
    with transaction.atomic():
        open_row = ours.filter(status=Status.IN_PROGRESS)
        ending = end(open_row, fields, text, reasoning, items=items)
        if ending is not None:
            write_message(response, text, html, reasoning, reasoning_html, items)
            return ending
    # Repeated after a lost connection: done before if it is final under our lease.
    done = ours.filter(status=fields["status"], reason=fields.get("reason", ""))
    return done.filter(finished_at__isnull=False).values().first()


def end(guarded, fields, *written, items=None):
    """End the one Response of the QuerySet `guarded` and add it to the usage records.

    Every end of a Response goes through here, in the caller's transaction. `fields` are its
    columns (dict), `status` and `usage_source` among them; `written` are the texts that the model
    wrote, to estimate tokens from, and `items` the items of its answer (dicts of the API), to count
    the use of tools from. Returns the columns as written (dict); None if `guarded` finds no row.
    """
    before = next(iter(guarded.values(*usage.BEFORE)[:1]), None)
    if before is None:
        return None
    settlement = usage.settle(
        before, {**fields, "finished_at": timezone.now()}, *written, items=items
    )
    ending = settlement.columns
    if not guarded.update(**ending, **_NO_PARTIAL, heartbeat_at=None):
        return None
    usage.store_charges(settlement.charges)
    usage.record([{**before, **ending}])
    return ending


_NO_PARTIAL = {"partial": "", "partial_reasoning": "", "partial_items": None}


def replace_end(guarded, fields, *written, items=None):
    """Replace the stored end of the one Response of the QuerySet `guarded` by another one, in the
    caller's transaction; the parameters are as in `end`.

    The columns, charges and usage records of the earlier end are replaced. Returns the columns as
    written (dict); None if `guarded` finds no row.
    """
    before = next(iter(guarded.values(*usage.BEFORE)[:1]), None)
    if before is None:
        return None
    settlement = usage.settle(
        before, {**fields, "finished_at": timezone.now()}, *written, items=items
    )
    ending = {**_OF_AN_END, **settlement.columns}
    if not guarded.update(**ending):
        return None
    usage.replace_charges(before["id"], settlement.charges)
    usage.replace(before, {**before, **ending})
    return ending


# Columns that an end may leave as they are, and what they are without an end.
_OF_AN_END = {
    **dict.fromkeys((*TOKENS, *RATES.values(), "cost", "tool_uses", "tool_cost", "tool_usage")),
    **dict.fromkeys(("reason", "service_tier", "missing_prices", "reported_cost_source"), ""),
    "reported_cost": None,
}


def write_message(response, text, html, reasoning="", reasoning_html="", items=None):
    """Store text, HTML and items in the message of `response`, add it to the full-text search
    index, and mark the conversation as unseen.

    Does nothing if the message was deleted, and for a title, which has no message.
    """
    message = response.message
    if message is None:
        return
    if items is not None:
        # Fetched later: the end of the text does not wait for them.
        container_files.expect(message.pk, items)
    stored = None if items is None else json.dumps(items)
    written = (text, html, reasoning, reasoning_html, stored)
    if not change(_TEXT, *written, as_stored(message.pk)):
        return
    index.add_text(
        response.person_id, response.conversation_id, message.pk, message.created_at, text, items
    )
    change(_NEWS, moment(timezone.now()), as_stored(response.conversation_id))


_TEXT = """
UPDATE conversations_message
SET text = %s, html = %s, reasoning = %s, reasoning_html = %s, items = %s
WHERE id = %s
"""
_NEWS = "UPDATE conversations_conversation SET updated_at = %s, unseen = true WHERE id = %s"


def request_stop(response_id):
    """Ask the process that writes this Response to stop; end it at once if it is still queued.

    Does nothing if it has ended. Returns its status afterwards. Raises Response.DoesNotExist if it
    is gone.
    """
    with transaction.atomic():
        queued = Response.objects.filter(pk=response_id, status=Status.QUEUED)
        unsent = {"status": Status.CANCELLED, "usage_source": Response.UsageSource.NONE}
        if end(queued, unsent) is None:
            Response.objects.filter(pk=response_id, status=Status.IN_PROGRESS).update(
                stop_requested=True
            )
    return Response.objects.values_list("status", flat=True).get(pk=response_id)


def look(response_ids):
    """Return `{id: (status, text so far, reasoning so far, items so far)}` of these Responses,
    which other processes write; without those that are gone. The items are as `partial_items`
    packed them, None for a plain reply."""
    found = Response.objects.filter(pk__in=response_ids).values_list(
        "pk", "status", "partial", "partial_reasoning", "partial_items"
    )
    return {pk: found for pk, *found in found}
