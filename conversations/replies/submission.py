"""Submission: stores a person's message, the empty reply to it and its Response in one transaction.

The database decides what may happen only once: a unique column lets each submission id through
once, a partial unique index allows one open reply a conversation. To check first and insert later
was measured to let a third of parallel posts through twice.

Over 300 lines since it is one transaction: its steps stand here in their order, each with its
refusals.
"""

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from conversations import usage
from conversations.database.statements import as_stored, insert, rows
from conversations.files import draft_files
from conversations.keeping import temporary
from conversations.models import Conversation, LanguageModel, Message, Person, Response
from conversations.rendering import render_typed
from conversations.replies import request_body, response_states
from conversations.replies.refused import (
    Answered,
    Busy,
    Conflict,
    ConversationDeleted,
    FilesMissing,
    InputsTooLarge,
    MessageDeleted,
    NoPictures,
    NotPossible,
    OverLimit,
    PassedOver,
    RequestTooLarge,
    Stale,
    TemporaryEnforced,
    TemporaryForbidden,
)
from conversations.search import index
from conversations.thread.id_tree import Place
from conversations.thread.message_tree import MessageTree
from conversations.tools import PersonsTools, sent_with, switched_on


@dataclass(frozen=True, kw_only=True)
class Submission:
    """Request for a reply of `model`, as `person` sends it with one form; input of `store`.

    `id` is the UUID of the form: the same id again stores nothing new. `effort` is the reasoning
    effort, "" for the model's own; `length` the most tokens of the reply, None for the model's own;
    `offered` the LanguageModels that the person may choose from, None if not known. `files` are
    Attachments that go with the new message; `with_files` is False to send no file of any message.
    `tools` are the names of the tools that are switched on, None for the conversation's choice;
    `temporary` makes a new conversation temporary. It asks for one of these:
    - a reply to the new message `text` in `conversation` (None: in a new one), below the message
      `parent` (None: at the end of the branch that is shown)
    - a reply to `text` in place of the person's message `edited`
    - another reply beside the reply `retried`
    - the continuation of the reply `continued`, for which the new message `text` asks
    - the reply to the person's `answers` (items, see `items.approvals`) to the requests for
      approval in the reply `answered`; `id` is then derived from that reply's id, so that there is
      one answer
    """

    id: UUID
    person: Person
    model: LanguageModel
    effort: str = ""
    length: int | None = None
    text: str = ""
    conversation: Conversation | None = None
    parent: Message | None = None
    edited: Message | None = None
    retried: Message | None = None
    continued: Message | None = None
    answered: Message | None = None
    answers: tuple[dict, ...] = ()
    # As files.draft_files.find returned them.
    files: tuple = ()
    with_files: bool = True
    offered: Any = None
    tools: list | None = None
    # A stored conversation stays as it is.
    temporary: bool = False

    @property
    def message(self):
        """The stored Message that the Submission names, to be edited, retried, continued, answered
        or followed (`parent`); None if it names none."""
        return self.edited or self.retried or self.continued or self.answered or self.parent

    @property
    def within(self):
        """The stored Conversation in which the reply is to be written; None for a new one."""
        about = self.edited or self.retried or self.continued or self.answered
        return about.conversation if about else self.conversation


@dataclass(frozen=True, kw_only=True)
class Submitted:
    """Stored rows of a Submission, as `store` returns them.

    `response` is the Response, with its `message` (the empty reply), the `parent` of that (the
    person's message) and `conversation` loaded. `body` is the JSON body to send to the gateway,
    None if the submission was stored before, and `size` its size in bytes, about. `offered` is that
    of the Submission. `has_budgets` is True if any budget applies to the person, None if that is
    not known.
    """

    response: Response
    body: dict | None = None
    size: int = 0
    offered: Any = None
    has_budgets: bool | None = None


@dataclass(frozen=True)
class _Turn:
    """Rows to store for a Submission, in `conversation`: the Message `reply` answers the Message
    `question`; `asks` is True if `question` is new too, False if it is stored already; `opens` is
    True if the conversation is new."""

    conversation: Conversation
    question: Message
    reply: Message
    asks: bool = True
    opens: bool = False


def store(submission, lease=None, response_id=None, most_bytes=math.inf):
    """Store the Submission; return what was stored, as a Submitted. If its id was stored before,
    store nothing and return what was stored then.

    `lease` is the UUID of the process that will write the reply; None stores it as queued.
    `response_id` is the UUID that a new Response is to have, None for any. `most_bytes` is the
    largest size of the request to the gateway. Raises a subclass of Refused: Busy, Conflict,
    Answered, OverLimit, NotPossible, MessageDeleted, ConversationDeleted, FilesMissing, NoPictures,
    RequestTooLarge, InputsTooLarge, TemporaryForbidden, TemporaryEnforced, or Stale if messages
    follow `parent` or `continued`, PassedOver if they follow `answered`, since only an edit and a
    retry may branch.
    """
    _check_roles(submission)
    try:
        # Few statements: all this is on the way to the first word.
        with transaction.atomic():
            is_temporary = _is_temporary(submission)
            turn = _turn_of(submission)
            turn.conversation.temporary = is_temporary
            _store_conversation(submission, turn)
            _store_messages(turn)
            if turn.asks:
                given = draft_files.give(submission.files, turn.question)
                turn.question.shown_files = given
                index.add_files(turn.conversation.owner_id, turn.question, given)
            return _store_response(submission, turn, lease, response_id, most_bytes)
    except Message.DoesNotExist as error:
        raise MessageDeleted from error
    except draft_files.FilesGone as error:
        # By the same form, sent twice at a time, perhaps.
        stored = _stored_before(submission)
        if stored is None:
            raise FilesMissing from error
        return stored
    except Person.DoesNotExist as error:
        # The account was deleted meanwhile.
        raise NotPossible from error
    except IntegrityError as error:
        return _stored_before(submission) or _refuse(submission, error)


def _check_roles(submission):
    """Raise NotPossible if a person's message is to be retried or continued, or if a reply, or an
    answer to a request for approval, is to be edited."""
    if submission.edited and (submission.edited.is_reply or submission.edited.is_answer):
        raise NotPossible
    if submission.retried and not (submission.retried.is_reply and submission.retried.parent_id):
        raise NotPossible
    if submission.continued and not submission.continued.is_reply:
        raise NotPossible


def _is_temporary(submission):
    """Return True if the conversation of the Submission is, or is to be, temporary. Raises
    TemporaryForbidden or TemporaryEnforced if the site's present policy does not let the person
    begin it or write in it."""
    within = submission.within
    try:
        if within is None:
            return temporary.is_new_temporary(submission.person, submission.temporary)
        temporary.check_writing(submission.person, within)
    except temporary.Temporary as error:
        raise TemporaryForbidden from error
    except temporary.NotTemporary as error:
        raise TemporaryEnforced from error
    return within.temporary


def _turn_of(submission):
    """Return a _Turn, the rows to store for the Submission. Raises Stale or PassedOver if messages
    follow the one that the new message follows, Message.DoesNotExist if that one was deleted."""
    conversation = submission.within
    parent = submission.continued or submission.answered or submission.parent
    opens = conversation is None
    if submission.retried:
        question = submission.retried.parent
        question.conversation = conversation
        reply = _reply_to(question, submission.id, submission.retried.created_at)
        return _Turn(conversation, question, reply, asks=False)
    if submission.edited:
        parent = submission.edited.parent
    elif opens:
        conversation = Conversation(owner=submission.person)
        names = ", ".join(each.name for each in submission.files)
        conversation.title_from(submission.text if submission.text.strip() else names)
    elif parent is not None:
        if _is_followed(parent, submission.id):
            raise PassedOver if submission.answered else Stale
    elif conversation.active_id:
        parent = _leaf(conversation)
    question = Message(
        conversation=conversation,
        parent=parent,
        role=Message.Role.USER,
        text=submission.text,
        html=render_typed(submission.text),
        items=list(submission.answers) or None,
        submission=submission.id,
    )
    if opens:
        question.place = Place(1, 1)
    return _Turn(conversation, question, _reply_to(question, None), opens=opens)


def _reply_to(question, submission_id, after=None):
    """Return a new, empty Message, not stored yet, for the reply to the Message `question`.

    For a retry `submission_id` is the UUID of its form and `after` the `created_at` of the reply
    that is retried; else both are None, since `question` has the UUID of the form. The reply's
    `created_at` is later than `after`, or than that of `question`.
    """
    reply = Message(
        conversation=question.conversation,
        parent=question,
        role=Message.Role.ASSISTANT,
        submission=submission_id,
        # After what it follows, also where the clock gives both the same microsecond, or is minutes
        # behind that of another machine.
        created_at=max(timezone.now(), (after or question.created_at) + timedelta(microseconds=1)),
    )
    if submission_id is None:
        reply.place = Place(1, 1)
    # It has no feedback (thumbs up or down) before it was shown: no query when its end is rendered.
    Message.feedback.related.set_cached_value(reply, None)
    return reply


def _leaf(conversation):
    """Return the last Message of the branch of the Conversation that is shown, which a new message
    follows; None if there is none. Raises Message.DoesNotExist if it was deleted meanwhile."""
    active = conversation.active_id
    path = MessageTree(conversation).path_through(active, active)
    return Message.objects.get(pk=path[-1]) if path else None


def _is_followed(parent, submission_id):
    """Return True if a message follows the Message `parent` and no message was stored for the form
    `submission_id` (UUID) before."""
    if not rows(_FOLLOWER, as_stored(parent.pk)):
        return False
    return not Message.objects.filter(submission=submission_id).exists()


_FOLLOWER = "SELECT 1 FROM conversations_message WHERE parent_id = %s LIMIT 1"


def _store_conversation(submission, turn):
    """Insert the new conversation, or update what this submission changes of a stored one. Raises
    ConversationDeleted if that is gone or in the trash."""
    conversation = turn.conversation
    changed = {
        "active_id": turn.reply.pk,
        "model": submission.model.name,
        "effort": submission.effort,
        "max_output_tokens": submission.length,
        **({} if submission.tools is None else {"tools": submission.tools}),
        "updated_at": turn.reply.created_at,
        # Who writes in it has seen it, and has it in use again.
        "unseen": False,
        "archived_at": None,
    }
    for name, value in changed.items():
        setattr(conversation, name, value)
    if turn.opens:
        # Names a reply that is stored next: the database checks it when the transaction ends.
        insert(conversation)
    elif not Conversation.objects.filter(pk=conversation.pk, trashed_at=None).update(**changed):
        raise ConversationDeleted


def _store_messages(turn):
    if turn.asks:
        insert(turn.question, turn.reply)
        index.add_question(turn.conversation, turn.question, titled=turn.opens)
    else:
        insert(turn.reply)


def _store_response(submission, turn, lease, response_id, most_bytes):
    """Insert the Response for `turn` (a _Turn), with the cost that is reserved for it in budgets;
    return the Submitted. `lease` and `response_id` are as in `store`. Raises OverLimit, NoPictures,
    RequestTooLarge, or InputsTooLarge for a request of more than `most_bytes`."""
    built = request_body.build(
        turn.question,
        person=submission.person,
        model=submission.model,
        effort=submission.effort,
        length=submission.length,
        with_files=submission.with_files,
        tools=_tools_on(submission, turn),
    )
    _check_files(submission, built)
    if built.size > most_bytes:
        raise InputsTooLarge
    try:
        reserved = usage.reserve(
            submission.person,
            submission.model.name,
            texts=built.texts,
            max_output_tokens=built.max_output_tokens,
            file_tokens=built.file_tokens,
            parameters=built.priced_parameters,
        )
    except usage.OverLimit as limit:
        raise OverLimit(limit) from limit
    response = Response(
        id=response_id or uuid4(),
        conversation=turn.conversation,
        message=turn.reply,
        person_id=submission.person.pk,
        username=submission.person.username,
        model=submission.model.name,
        request=built.request,
        **reserved,
        **(response_states.begun(lease) if lease else {}),
    )
    if lease:
        response.started_at = response.created_at
    insert(response)
    return Submitted(
        response=response,
        body=built.body,
        size=built.size,
        offered=submission.offered,
        has_budgets="reserved_cost" in reserved,
    )


def _tools_on(submission, turn):
    """Return the Tools to send with the request: those switched on in the conversation or, for an
    answer to requests for approval, those sent for the reply that asks. In both cases only those
    that the person may use now."""
    tools = PersonsTools(submission.person).of(submission.model)
    if tools and turn.question.is_answer:
        asking = Response.objects.filter(message=turn.question.parent_id).only("request").first()
        return sent_with(tools, asking.request if asking else {})
    return switched_on(tools, turn.conversation.tools)


def _check_files(submission, built):
    """Raise NoPictures if the RequestBody `built` has pictures and the submission's model takes
    none; raise RequestTooLarge if it has files and is larger than UPSTREAM_MAX_BODY bytes."""
    model = submission.model
    if built.pictures and not model.images:
        offered = submission.offered
        if offered is None:
            offered = LanguageModel.objects.offered_to(submission.person)
        raise NoPictures(model.name, [each.name for each in offered if each.images])
    if built.file_bytes and settings.UPSTREAM_MAX_BODY:
        size = sum(len(text.encode("utf-8", "replace")) for text in built.texts)
        size += built.file_bytes
        if size > settings.UPSTREAM_MAX_BODY:
            raise RequestTooLarge


def _stored_before(submission):
    """Return the Submitted that was stored before with this submission's id; None if there is none.

    Raises Conflict if that has another text, is in another conversation, or is somebody else's;
    Answered if it is another answer to the same requests for approval.
    """
    stored = (
        Message.objects.filter(submission=submission.id)
        .select_related("response", "conversation")
        .first()
    )
    if stored is None:
        return None
    within = submission.within
    is_same = (
        stored.conversation.owner_id == submission.person.pk
        and (within is None or within.pk == stored.conversation_id)
        and (stored.text == submission.text or (stored.is_reply and not submission.text))
    )
    if not is_same:
        raise Conflict
    if submission.answered and stored.items != list(submission.answers):
        raise Answered
    reply = stored
    if not stored.is_reply:
        replies = Message.objects.filter(parent=stored).select_related("response")
        reply = replies.earliest("created_at")
    return Submitted(response=reply.response)


def _refuse(submission, error):
    """Raise the subclass of Refused that says why the database raised the IntegrityError `error`;
    raise `error` itself if none does. Never returns."""
    if _is_about_open_reply(error):
        raise Busy from error
    within, message = submission.within, submission.message
    if within and not Conversation.objects.filter(pk=within.pk, trashed_at=None).exists():
        raise ConversationDeleted from error
    if message and not Message.objects.filter(pk=message.pk).exists():
        raise MessageDeleted from error
    if not Person.objects.filter(pk=submission.person.pk).exists():
        raise NotPossible from error
    raise error


def _is_about_open_reply(error):
    """Return True if the IntegrityError `error` was raised since the conversation has an open reply
    (one still being written): PostgreSQL names the index `one_open_reply_per_conversation`, SQLite
    its column."""
    diagnosis = getattr(error.__cause__, "diag", None)
    if diagnosis is not None:
        return diagnosis.constraint_name == "one_open_reply_per_conversation"
    return "conversations_response.conversation_id" in str(error)
