"""Titles of conversations by the model: one short Response after the first reply of each, with
usage records as any other.

All functions that touch the database are units of work for a Lane.
"""

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Now

from conversations import prompt, usage
from conversations.models import Conversation, LanguageModel, Message, Person, Response
from conversations.replies import response_states
from conversations.replies.title_text import clean
from conversations.search import index

Status = Response.Status
Purpose = Response.Purpose

# How a reply that its token limit cut says so.
CUT = "max_output_tokens"
# Ends of replies that titles are made from.
ENDED = Q(status=Status.COMPLETED) | Q(status=Status.INCOMPLETE, reason=CUT)

# Tokens that a title may take, and those of a model that may think first: thoughts count too.
TOKENS, TOKENS_WITH_THOUGHTS = 60, 1_000
SHOWN = 2_000  # characters of the question, and of the reply

INSTRUCTIONS = (
    "Write a title for the conversation you are given: two to six words that say what it is "
    "about, in the language the person wrote in. Answer with the title alone, without quotation "
    "marks, without a full stop at the end, without Markdown. Do not answer the person."
)


def may_follow(reply):
    """Return True if the Response `reply` ended in a way that allows a title, and titles are on.

    It was completed, or cut off by its token limit: that is enough text.
    """
    cut = reply.status == Status.INCOMPLETE and reply.reason == CUT
    return (cut or reply.status == Status.COMPLETED) and are_on()


def are_on():
    """Return True if the settings have the model write titles (AUTO_TITLES, without the demo
    model)."""
    return settings.AUTO_TITLES and not settings.DEMO


def order(reply_id, lease, title_id):
    """Store the Response of a title after the first reply of a conversation; safe to repeat.

    `reply_id` is the id of the reply's Response, `lease` the UUID of the process that will write
    the title, `title_id` the UUID that the title's Response is to have. Returns `(Response, JSON
    body)` for the request to the gateway; None if it is not the first reply, the person gave a
    title or was deactivated, the conversation is temporary, or a budget is used up.
    """
    reply = (
        Response.objects.select_related("conversation", "message__parent")
        .filter(ENDED, pk=reply_id, purpose=Purpose.REPLY)
        .filter(conversation__title_source=Conversation.TitleSource.TEXT)
        # No list shows the title of a temporary one: its text is not sent once more.
        .filter(conversation__temporary=False)
        .filter(message__parent__isnull=False)
        .first()
    )
    if reply is None or not reply.message.text.strip() or not _is_first(reply, title_id):
        return None
    person = Person.objects.filter(pk=reply.person_id, is_active=True).first()
    if person is None:
        return None
    response = Response(
        id=title_id,
        conversation=reply.conversation,
        person_id=person.pk,
        username=person.username,
        purpose=Purpose.TITLE,
        model=settings.TITLE_MODEL or reply.model,
        status=Status.IN_PROGRESS,
        lease=lease,
        attempts=1,
        started_at=Now(),
        heartbeat_at=Now(),
    )
    maximum = _maximum(response.model)
    response.request = {
        "instructions": INSTRUCTIONS,
        "parameters": prompt.parameters(max_output_tokens=maximum),
        "first_message": str(reply.message.parent_id),
        "last_message": str(reply.message_id),
        "left_out": 0,
        "request_id": reply.request.get("request_id", "-"),
    }
    body = _body(response, reply.message.parent.text, reply.message.text)
    texts = [INSTRUCTIONS, *(item["content"] for item in body["input"])]
    try:
        with transaction.atomic():
            reserved = usage.reserve(
                person,
                response.model,
                purpose=Purpose.TITLE,
                texts=texts,
                max_output_tokens=maximum,
            )
            for name, value in reserved.items():
                setattr(response, name, value)
            response.save(force_insert=True)
    except usage.OverLimit:
        return None
    except IntegrityError:
        # Repeated after a connection that was lost with the answer to its commit.
        if not Response.objects.filter(pk=title_id, lease=lease).exists():
            raise
    return response, body


def finish(response_id, lease, fields, text, reasoning):
    """End the Response of a title with the columns `fields` (dict); if it was completed, set the
    title that `text`, the model's answer, contains.

    `lease` is the UUID of the process that wrote it, `reasoning` the model's reasoning, for the
    usage records. A title that the person gave meanwhile stays. Safe to repeat.
    """
    ours = Response.objects.filter(pk=response_id, lease=lease)
    title = clean(text) if fields["status"] == Status.COMPLETED else ""
    with transaction.atomic():
        ended = response_states.end(ours.filter(status=Status.IN_PROGRESS), fields, text, reasoning)
        if ended is None:
            return
        conversation = (
            Conversation.objects.select_for_update()
            .filter(responses=response_id, title_source=Conversation.TitleSource.TEXT)
            .first()
        )
        if conversation is not None and title:
            index.change_title(conversation.pk, title, title_source=Conversation.TitleSource.MODEL)


def rebuild_body(response):
    """Build again the JSON body (dict) that was sent for the title whose Response is `response`.

    Raises KeyError if a message that it was made from was deleted.
    """
    request = response.request
    ids = [request["first_message"], request["last_message"]]
    texts = {str(pk): text for pk, text in _texts(ids)}
    return _body(response, *(texts[message_id] for message_id in ids))


def _is_first(reply, title_id):
    """Return True if `reply`, the Response of a reply that has ended, is the only such one of its
    conversation, which has no Response for a title, except perhaps that with the id `title_id`."""
    responses = Response.objects.filter(conversation_id=reply.conversation_id)
    finished = responses.filter(ENDED, purpose=Purpose.REPLY)
    others = responses.filter(purpose=Purpose.TITLE).exclude(pk=title_id)
    return finished.count() == 1 and not others.exists()


def _maximum(name):
    """Return the limit in tokens for the answer with a title of the model with this `name`: higher
    if it may reason first, as is assumed if there is no LanguageModel of this name."""
    model = LanguageModel.objects.filter(name=name).first()
    return TOKENS_WITH_THOUGHTS if model is None or model.effort_choices else TOKENS


def _texts(ids):
    return Message.objects.filter(pk__in=ids).values_list("pk", "text")


def _body(response, question, answer):
    exchange = f"<person>\n{question[:SHOWN]}\n</person>\n<reply>\n{answer[:SHOWN]}\n</reply>"
    return prompt.body(
        [prompt.Turn(None, Message.Role.USER, exchange)],
        model=response.model,
        instructions=response.request["instructions"],
        parameters=response.request["parameters"],
    )
