"""Ordering a reply: the person's message, the empty reply and its Response, in one transaction.

What a submission id lets through only once is settled by the database (a unique column), and so
is one open reply a conversation (a partial unique index): checking first and inserting later was
measured to let a third of parallel posts through twice.
"""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from conversations import usage
from conversations.database.statements import as_stored, from_stored, insert, rows
from conversations.models import Conversation, Message, Response
from conversations.prompt import input as prompt
from conversations.rendering import render_typed
from conversations.replies import response_states, titles
from conversations.search import index
from conversations.thread.page import tree_of
from conversations.thread.tree import Place


class Refused(Exception):
    """The order was not taken and nothing was stored. `code` says why."""

    code = "refused"


class Busy(Refused):
    """A reply is being written in this conversation."""

    code = "busy"


class Conflict(Refused):
    """The same submission was sent before, with other text."""

    code = "conflict"


class Stale(Refused):
    """Messages that the form did not show follow the one it was shown under."""

    code = "stale"


class OverLimit(Refused):
    """A budget or rate limit does not allow it now; `limit` is the usage.OverLimit."""

    code = "over_limit"

    def __init__(self, limit):
        super().__init__(str(limit))
        self.limit = limit


class NotPossible(Refused):
    """That message cannot be answered, retried or continued (any more)."""

    code = "not_possible"


def ask(person, conversation, text, *, parent=None, submission, **asked):
    """Store `text` as a person's message and order a reply to it.

    `conversation` is None for a new one. `parent` is the message it answers (None: the leaf of
    the active branch). `asked` is the `model`, maybe an `effort` and a `length` in tokens, and the
    `lease` of the process that begins the reply at once. The same submission again returns the
    first order. Returns the Response, with its `body` where it is new. Raises Busy, Conflict,
    OverLimit or, where something follows `parent` already, Stale: only `edit` and `retry` branch.
    """
    asked_in = conversation
    try:
        with transaction.atomic():
            if conversation is None:
                conversation = Conversation(owner=person)
                conversation.title_from(text)
            elif parent is None and conversation.active_id:
                parent = _leaf(conversation)
            elif parent is not None and _is_followed(parent, submission):
                raise Stale
            question = _question(conversation, parent, text, submission)
            return _order(person, question, new=asked_in is None, **asked)
    except IntegrityError:
        return _first_order(submission, person, asked_in, text)


def edit(person, message, text, *, submission, **asked):
    """Store `text` as a sibling of the person's `message` and order a reply to it; as `ask`."""
    if message.is_reply:
        raise NotPossible
    try:
        with transaction.atomic():
            question = _question(message.conversation, message.parent, text, submission)
            return _order(person, question, **asked)
    except IntegrityError:
        return _first_order(submission, person, message.conversation, text)


def retry(person, message, *, submission, **asked):
    """Order a sibling of the reply `message`, also by another model; as `ask`."""
    if not message.is_reply or message.parent_id is None:
        raise NotPossible
    try:
        with transaction.atomic():
            return _order(person, message.parent, retry_submission=submission, **asked)
    except IntegrityError:
        return _first_order(submission, person, message.conversation, "")


def go_on(person, message, text, **asked):
    """Order the continuation of the cut-off reply `message`: `text` asks for it in a new turn."""
    if not message.is_reply:
        raise NotPossible
    return ask(person, message.conversation, text, parent=message, **asked)


def _leaf(conversation):
    """The last message of the active branch: what a new message answers."""
    active = as_stored(conversation.active_id)
    path = tree_of(conversation).path_through(active, active)
    return Message.objects.get(pk=from_stored(path[-1])) if path else None


def _is_followed(parent, submission):
    """Whether a message follows `parent`, other than the one that `submission` sent before."""
    if not rows(_FOLLOWER, as_stored(parent.pk)):
        return False
    return not Message.objects.filter(submission=submission).exists()


_FOLLOWER = "SELECT 1 FROM conversations_message WHERE parent_id = %s LIMIT 1"


def _question(conversation, parent, text, submission):
    return Message(
        conversation=conversation,
        parent=parent,
        role=Message.Role.USER,
        text=text,
        html=render_typed(text),
        submission=submission,
    )


def _order(
    person,
    question,
    *,
    model,
    effort="",
    length=None,
    lease=None,
    new=False,
    retry_submission=None,
):
    """Store `question` (unless it is retried) with an empty reply to it; `new` is a conversation
    that is stored with them. Few statements: this is on the way to the first word."""
    conversation = question.conversation
    reply = Message(
        conversation=conversation,
        parent=question,
        role=Message.Role.ASSISTANT,
        submission=retry_submission,
        # After its question, also where the clock gives both the same microsecond.
        created_at=max(timezone.now(), question.created_at + timedelta(microseconds=1)),
    )
    # Nobody can have judged it before it was shown: its end is drawn without asking.
    Message.feedback.related.set_cached_value(reply, None)
    conversation.active_id = reply.pk
    conversation.model = model.name
    conversation.effort = effort
    conversation.max_output_tokens = length
    conversation.updated_at = reply.created_at
    # Who writes in it has seen it, and has it in use again.
    conversation.unseen = False
    conversation.archived_at = None
    if new:
        question.place = Place(1, 1)
        # Names a reply that is stored next: the database checks it when the transaction ends.
        insert(conversation)
    else:
        conversation.save(
            update_fields=[
                *("active", "model", "effort", "max_output_tokens", "updated_at"),
                *("unseen", "archived_at"),
            ]
        )
    if retry_submission:
        insert(reply)
    else:
        reply.place = Place(1, 1)
        insert(question, reply)
        index.add_question(conversation, question, titled=new)
    before = [] if question.parent_id is None else turns_to(conversation, question.parent_id)
    turns = [*before, as_turn(question)]
    request, body, texts = _request(conversation, turns, person, model, effort, length)
    try:
        reserved = usage.reserve(
            person,
            model.name,
            texts=texts,
            max_output_tokens=request["parameters"].get("max_output_tokens"),
        )
    except usage.OverLimit as limit:
        raise OverLimit(limit) from limit
    response = Response(
        conversation=conversation,
        message=reply,
        person_id=person.pk,
        username=person.username,
        model=model.name,
        request=request,
        **reserved,
        **(response_states.begun(lease) if lease else {}),
    )
    if lease:
        response.started_at = response.created_at
    response.body = body
    # So that the page need not look for them again.
    response.has_budgets = "reserved_cost" in reserved
    insert(response)
    return response


def _request(conversation, turns, person, model, effort, length):
    """What rebuilds the exact input later (`Response.request`), the body, and its texts."""
    instructions = prompt.join_instructions(
        settings.INSTRUCTIONS, person.instructions, conversation.instructions
    )
    limit = length or model.max_output_tokens
    kept = prompt.fit(
        turns,
        window=model.context_window,
        instructions=instructions,
        max_output_tokens=limit,
        bytes_per_token=_measured_ratio(turns) if model.context_window else None,
    )
    parameters = prompt.parameters(effort=effort, max_output_tokens=limit)
    request = {
        "instructions": instructions,
        "parameters": parameters,
        "first_message": str(kept[0].id),
        "last_message": str(turns[-1].id),
        "left_out": len(turns) - len(kept),
    }
    body = prompt.body(kept, model=model.name, instructions=instructions, parameters=parameters)
    return request, body, [instructions, *(turn.text for turn in kept)]


def as_turn(message):
    return prompt.Turn(message.pk, message.role, message.text)


def turns_to(conversation, message_id):
    """The Turns from the root of `conversation` down to `message_id`, oldest first."""
    path = tree_of(conversation).path_to(as_stored(message_id))
    ids = [from_stored(stored) for stored in path]
    rows = conversation.messages.filter(pk__in=ids).values_list("id", "role", "text")
    turns = {row[0]: prompt.Turn(*row) for row in rows}
    return [turns[id] for id in ids]


def _measured_ratio(turns):
    """UTF-8 bytes per token by the last `input_tokens` reported on this path, else None."""
    known = {turn.id: at for at, turn in enumerate(turns) if turn.role == Message.Role.ASSISTANT}
    rows = Response.objects.filter(message_id__in=list(known), input_tokens__gt=0)
    last = max(rows, key=lambda response: known[response.message_id], default=None)
    if last is None or last.request.get("left_out"):
        return None
    sent = turns[: known[last.message_id]]
    size = sum(len(turn.text.encode("utf-8", "replace")) for turn in sent)
    size += len(last.request.get("instructions", "").encode("utf-8", "replace"))
    return max(size / last.input_tokens, 0.5)


def rebuild_body(response):
    """The exact body that was, or will be, sent for `response`; from the stored tree.

    Raises KeyError or ValueError where what it was made of is gone.
    """
    if response.purpose == Response.Purpose.TITLE:
        return titles.rebuild_body(response)
    request = response.request
    turns = turns_to(response.conversation, uuid.UUID(request["last_message"]))
    first = [str(turn.id) for turn in turns].index(request["first_message"])
    return prompt.body(
        turns[first:],
        model=response.model,
        instructions=request["instructions"],
        parameters=request["parameters"],
    )


def _first_order(submission, person, conversation, text):
    """The order that `submission` made before. Raises Conflict or Busy where it made none."""
    stored = (
        Message.objects.filter(submission=submission, conversation__owner_id=person.pk)
        .select_related("response", "conversation")
        .first()
    )
    if stored is None:
        if Message.objects.filter(submission=submission).exists():
            raise Conflict
        raise Busy
    if conversation is not None and conversation.pk != stored.conversation_id:
        raise Conflict
    if stored.text != text and not (stored.is_reply and not text):
        raise Conflict
    if stored.is_reply:
        return stored.response
    reply = Message.objects.filter(parent=stored).select_related("response").earliest("created_at")
    return reply.response
