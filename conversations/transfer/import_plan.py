"""Plan of an import: turns an ImportedConversation into a Conversation and Messages, not yet
saved."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from django.utils import timezone

from conversations.files import names
from conversations.items import projections, text_of
from conversations.models import Conversation, Message
from conversations.rendering import THOUGHTS, Batch, render_typed
from conversations.transfer.chatgpt_content import FILE
from conversations.transfer.imported_conversation import Turn
from conversations.transfer.imported_items import imported_items

MOST_MESSAGES = 20_000  # of one conversation
LONGEST = 2_000_000  # characters of a message: as much as a reply may have


@dataclass(frozen=True, slots=True)
class PlannedMessage:
    """Plan of one Message: the Turn that it is made of, with the id, parent and time that it gets.
    The HTML is not rendered yet, since that takes time."""

    turn: Turn
    pk: UUID
    parent_id: UUID | None
    created_at: datetime

    def message(self, conversation_id, replies, attachments):
        """Return the Message of this plan, not saved, with `conversation_id` as its conversation.
        The HTML of a reply is missing: it is added to `replies` (a Replies), which sets it later.
        `attachments` is `{FileNote: Attachment}` of those of its files that were imported."""
        turn, is_reply = self.turn, self.turn.role == Message.Role.ASSISTANT
        ids = {note.id: str(attachment.pk) for note, attachment in attachments.items() if note.id}
        items = imported_items(turn.items, turn.role, ids) if turn.items else None
        if not is_reply:
            columns = _of_person(turn, items, attachments)
        elif items:
            columns = asdict(projections(items, str(self.pk), replies.account))
        else:
            columns = {"text": turn.text[:LONGEST], "reasoning": turn.reasoning[:LONGEST]}
        message = Message(
            pk=self.pk,
            conversation_id=conversation_id,
            parent_id=self.parent_id,
            role=turn.role,
            created_at=self.created_at,
            items=items,
            **columns,
        )
        if is_reply and not items:
            replies.add(message)
        return message


class Replies:
    """Renderer of the Markdown of many imported replies together. `account` is the id of the person
    who imports: syntax highlighting is shared out between people."""

    def __init__(self, account):
        self.account = account
        self._begin()

    def _begin(self):
        self._batch = Batch(self.account)
        self._streams = []  # (Message, name of its field, Stream)

    def add(self, message):
        """Begin to render text and reasoning of the Message `message`, a reply; `finish` sets its
        columns of HTML."""
        for name, text, prefix in (
            ("html", message.text, ""),
            ("reasoning_html", message.reasoning, THOUGHTS),
        ):
            if text:
                stream = self._batch.add(text, prefix, name=str(message.pk))
                self._streams.append((message, name, stream))

    def finish(self):
        """Set `html` and `reasoning_html` of all added Messages, without saving them. Waits at most
        10 seconds in all for syntax highlighting; code not ready by then stays unhighlighted."""
        self._batch.finish()
        for message, name, stream in self._streams:
            setattr(message, name, "".join(stream.frozen))
        self._begin()


def _of_person(turn, items, attachments):
    """Return the columns `text` and `html` (a dict) for `turn`, a person's message (Turn). If it
    has `items` (a list; None: none), the text is taken from them, since they are what the model
    will read.

    A text that only stands in for files is left out if all of them were imported (`attachments`, a
    dict by FileNote); a message of which nothing would be left names its files.
    """
    text = text_of(items) if items else turn.text[:LONGEST]
    if turn.stands_in and turn.files and len(attachments) == len(turn.files):
        text = ""
    if not text.strip() and not attachments:
        text = "\n".join(f"{FILE} {names.clean(each.name, '')}".strip() for each in turn.files)
    return {"text": text, "html": render_typed(text)}


def plan(person, pk, incoming, names):
    """Return `(Conversation, list of PlannedMessages)` for the ImportedConversation `incoming`;
    nothing is saved. `person` becomes the owner, `pk` (a UUID) the id of the Conversation; `names`
    are the names of the language models that the person may use; any other model is dropped.

    A reply without text is imported too, since it is a branch and may have messages below it.
    """
    conversation = Conversation(
        pk=pk,
        owner=person,
        model=incoming.model if incoming.model in names else "",
        instructions=incoming.instructions[: _longest("instructions")],
        created_at=incoming.created_at or timezone.now(),
        pinned_at=incoming.pinned_at,
        archived_at=incoming.archived_at,
        # In the trash from now on: with its old time retention would delete it at once.
        trashed_at=incoming.trashed_at and timezone.now(),
    )
    plan, known = [], {"": None}
    for turn in incoming.turns[:MOST_MESSAGES]:
        parent = known.get(turn.parent)
        known[turn.id] = parent
        if turn.is_empty and turn.role != Message.Role.ASSISTANT:
            continue
        # A message without a time gets one after the message before it; none is earlier than its
        # parent, since messages and versions are shown in the order of their creation.
        at = turn.created_at or conversation.created_at
        if turn.created_at is None and plan:
            at = plan[-1].created_at + timedelta(microseconds=1)
        if parent is not None:
            at = max(at, parent.created_at + timedelta(microseconds=1))
        planned = PlannedMessage(turn, uuid5(pk, turn.id), parent and parent.pk, at)
        known[turn.id] = planned
        plan.append(planned)
    if incoming.title.strip():
        conversation.title = " ".join(incoming.title.split())[: _longest("title")]
        conversation.title_source = Conversation.TitleSource.PERSON
    else:
        conversation.title_from(plan[0].turn.text)
    conversation.updated_at = incoming.updated_at or max(each.created_at for each in plan)
    conversation.active_id = (known.get(incoming.active) or plan[-1]).pk
    return conversation, plan


def _longest(name):
    """Return the maximum length, in characters, of the column `name` of a Conversation."""
    return Conversation._meta.get_field(name).max_length
