"""A submission: storing a person's message, the empty reply and its Response in one transaction.

The database decides what may happen only once: a unique column lets each submission id through
once, a partial unique index allows one open reply a conversation. To check first and insert later
was measured to let a third of parallel posts through twice.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from conversations import usage
from conversations.database.statements import as_stored, from_stored, insert, rows
from conversations.models import Conversation, LanguageModel, Message, Person, Response
from conversations.rendering import render_typed
from conversations.replies import request_body, response_states
from conversations.replies.refused import (
    Busy,
    Conflict,
    ConversationDeleted,
    MessageDeleted,
    NotPossible,
    OverLimit,
    Stale,
)
from conversations.search import index
from conversations.thread.page import tree_of
from conversations.thread.tree import Place


@dataclass(frozen=True, kw_only=True)
class Submission:
    """What a person asks for with one form.

    `id` is the form's: the same id again stores nothing new. What is asked for is one of these:
    an answer to `text` in `conversation` (None: in a new one), below the message `parent` (None:
    at the end of the active branch); an answer to `text` in place of the person's message
    `edited`; another reply beside the reply `retried`; or that the reply `continued` goes on, for
    which `text` asks.
    """

    id: UUID
    person: Person
    model: LanguageModel
    effort: str = ""  # of reasoning; "" is the model's own
    length: int | None = None  # the most tokens of the reply; None is the model's own
    text: str = ""
    conversation: Conversation | None = None
    parent: Message | None = None
    edited: Message | None = None
    retried: Message | None = None
    continued: Message | None = None
    # The LanguageModels that the person may choose from, where they are at hand.
    offered: Any = None

    @property
    def message(self):
        """The stored message that it is about; None where only a conversation is given."""
        return self.edited or self.retried or self.continued or self.parent

    @property
    def within(self):
        """The stored conversation that it belongs to; None for a new one."""
        about = self.edited or self.retried or self.continued
        return about.conversation if about else self.conversation


@dataclass(frozen=True, kw_only=True)
class Submitted:
    """What was stored: the Response, with `message` (the empty reply), its `parent` (the person's
    message) and `conversation` at hand.

    `body` is what is to be sent to the gateway, None for a submission that was stored before.
    `offered` is the Submission's. `has_budgets` is whether any budget applies to the person, None
    where that is not known.
    """

    response: Response
    body: dict | None = None
    offered: Any = None
    has_budgets: bool | None = None


@dataclass(frozen=True)
class _Turn:
    """The rows to store: `reply` answers `question`, which `asks` if it is new as well."""

    conversation: Conversation
    question: Message
    reply: Message
    asks: bool = True
    opens: bool = False  # whether the conversation is new


def store(submission, lease=None):
    """Store a Submission; the Submitted. The same submission again returns what it stored first.

    With the `lease` of a process the Response is stored as being written by it, else as queued.
    Raises a Refused: Busy, Conflict, OverLimit, NotPossible, MessageDeleted, ConversationDeleted,
    or Stale where something follows `parent` or `continued`: only an edit and a retry branch.
    """
    _check_roles(submission)
    try:
        # Few statements: all this is on the way to the first word.
        with transaction.atomic():
            turn = _turn_of(submission)
            _store_conversation(submission, turn)
            _store_messages(turn)
            return _store_response(submission, turn, lease)
    except Message.DoesNotExist as error:
        raise MessageDeleted from error
    except Person.DoesNotExist as error:
        # The account was deleted meanwhile.
        raise NotPossible from error
    except IntegrityError as error:
        return _stored_before(submission) or _refuse(submission, error)


def _check_roles(submission):
    """Raise NotPossible where a person's message is retried or continued, or a reply edited."""
    if submission.edited and submission.edited.is_reply:
        raise NotPossible
    if submission.retried and not (submission.retried.is_reply and submission.retried.parent_id):
        raise NotPossible
    if submission.continued and not submission.continued.is_reply:
        raise NotPossible


def _turn_of(submission):
    """The rows to store. Raises Message.DoesNotExist where what they follow is gone."""
    conversation, parent = submission.within, submission.continued or submission.parent
    opens = conversation is None
    if submission.retried:
        question = submission.retried.parent
        question.conversation = conversation
        return _Turn(conversation, question, _reply_to(question, submission.id), asks=False)
    if submission.edited:
        parent = submission.edited.parent
    elif opens:
        conversation = Conversation(owner=submission.person)
        conversation.title_from(submission.text)
    elif parent is not None:
        if _is_followed(parent, submission.id):
            raise Stale
    elif conversation.active_id:
        parent = _leaf(conversation)
    question = Message(
        conversation=conversation,
        parent=parent,
        role=Message.Role.USER,
        text=submission.text,
        html=render_typed(submission.text),
        submission=submission.id,
    )
    if opens:
        question.place = Place(1, 1)
    return _Turn(conversation, question, _reply_to(question, None), opens=opens)


def _reply_to(question, submission_id):
    """The empty reply; `submission_id` where no new question has it."""
    reply = Message(
        conversation=question.conversation,
        parent=question,
        role=Message.Role.ASSISTANT,
        submission=submission_id,
        # After its question, also where the clock gives both the same microsecond.
        created_at=max(timezone.now(), question.created_at + timedelta(microseconds=1)),
    )
    if submission_id is None:
        reply.place = Place(1, 1)
    # Nobody can have judged it before it was shown: its end is drawn without asking.
    Message.feedback.related.set_cached_value(reply, None)
    return reply


def _leaf(conversation):
    """The last message of the active branch: what a new message answers."""
    active = as_stored(conversation.active_id)
    path = tree_of(conversation).path_through(active, active)
    return Message.objects.get(pk=from_stored(path[-1])) if path else None


def _is_followed(parent, submission_id):
    """Whether a message follows `parent`, other than the one that the same submission sent."""
    if not rows(_FOLLOWER, as_stored(parent.pk)):
        return False
    return not Message.objects.filter(submission=submission_id).exists()


_FOLLOWER = "SELECT 1 FROM conversations_message WHERE parent_id = %s LIMIT 1"


def _store_conversation(submission, turn):
    """Store the conversation, or what this submission changes of it. Raises ConversationDeleted."""
    conversation = turn.conversation
    changed = {
        "active_id": turn.reply.pk,
        "model": submission.model.name,
        "effort": submission.effort,
        "max_output_tokens": submission.length,
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


def _store_response(submission, turn, lease):
    """Reserve what the Response may cost and store it. Raises OverLimit."""
    built = request_body.build(
        turn.question,
        person=submission.person,
        model=submission.model,
        effort=submission.effort,
        length=submission.length,
    )
    try:
        reserved = usage.reserve(
            submission.person,
            submission.model.name,
            texts=built.texts,
            max_output_tokens=built.max_output_tokens,
        )
    except usage.OverLimit as limit:
        raise OverLimit(limit) from limit
    response = Response(
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
        offered=submission.offered,
        has_budgets="reserved_cost" in reserved,
    )


def _stored_before(submission):
    """The Submitted that this submission id stored before, None if there is none.

    Raises Conflict where it was another text, in another conversation, or somebody else's.
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
    reply = stored
    if not stored.is_reply:
        replies = Message.objects.filter(parent=stored).select_related("response")
        reply = replies.earliest("created_at")
    return Submitted(response=reply.response)


def _refuse(submission, error):
    """Raise what the IntegrityError `error` means for the person, or itself if it is a mistake."""
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
    """Whether the index `one_open_reply_per_conversation` was violated: PostgreSQL names it, SQLite
    its column."""
    diagnosis = getattr(error.__cause__, "diag", None)
    if diagnosis is not None:
        return diagnosis.constraint_name == "one_open_reply_per_conversation"
    return "conversations_response.conversation_id" in str(error)
