"""HTML of messages: templates/conversations/_message.html, with a cache of its output.

Nearly all messages of a conversation differ only in their ids and their text. To render each with
the template took two thirds of the time of a page of fifty. So the template's output is cached in
the process for each look (a combination of states and flags, such as role and rating), for all
people, with placeholders where messages differ.

What is cached can hold nothing of a message, a conversation or a person: the template that makes
it is given a `MessageLook` (a frozen value of states and flags) and placeholders, in a context of
its own, and nothing else is in its reach. What is added to the template and is neither part of the
look nor of that context raises `NotInLook`.
"""

import re
import secrets
import uuid
from dataclasses import dataclass
from functools import partial

from django.template import Context
from django.template.loader import get_template
from django.utils.html import escape
from django.utils.safestring import mark_safe
from django.utils.translation import get_language

from conversations.items import approvals
from conversations.rendering.unsafe_characters import tidy
from conversations.thread.item_html import MessageParts, parts_of
from conversations.thread.response_facts import facts, time_of

TEMPLATE = "conversations/_message.html"
# Random for each process, so that no text can contain one.
PLACEHOLDERS = {
    name: f"{name}-{secrets.token_hex(16)}"
    for name in (
        *("id", "response_id", "before", "html", "sources"),
        *("facts", "model", "time", "token", "submission"),
    )
}
_PARTS = MessageParts(
    before=mark_safe(PLACEHOLDERS["before"]),  # noqa: S308 (ours)
    answer=mark_safe(PLACEHOLDERS["html"]),  # noqa: S308 (ours)
    sources=mark_safe(PLACEHOLDERS["sources"]),  # noqa: S308 (ours)
)
# While a reply is written its thoughts have a place of their own in the template.
_PENDING_PARTS = MessageParts(answer=_PARTS.answer)
_PLACEHOLDER = re.compile("|".join(PLACEHOLDERS.values()))
# Most entries of the cache, one for each MessageLook: languages times roles, states and thumbs.
MOST = 500
_cache = {}


class NotInLook(Exception):
    """Exception: the template of a message reads a variable other than the few that messages of the
    same appearance share, while HTML for the cache is made. All people get that HTML, so that it
    must not hold anything of one message or person."""


class _Frozen:
    """Mixin class: reading an unknown attribute raises NotInLook, where Django's templates would
    render nothing."""

    __slots__ = ()

    def __getattr__(self, name):
        raise NotInLook(name)


@dataclass(frozen=True, slots=True)
class ResponseLook(_Frozen):
    """Part of a MessageLook that stands for the reply's Response, which must be open or have ended
    well: its `status`; its other values are placeholders."""

    status: str
    pk: str = PLACEHOLDERS["response_id"]
    model: str = PLACEHOLDERS["model"]
    ended_well: bool = True
    request: tuple = ()


@dataclass(frozen=True, slots=True)
class MessageLook(_Frozen):
    """States and flags of a message on which its cached HTML depends; the key of the cache.

    `own_response` stands for a reply's Response (None: a person's message, or an imported reply),
    `text` is True if the message has any, `thumb` is the rating ("good", "bad" or ""), `has_choice`
    is True if there are several models to retry with. `parts` are placeholders.
    """

    language: str
    role: str
    status: str
    is_reply: bool
    is_pending: bool
    text: bool
    own_response: ResponseLook | None
    thumb: str
    has_choice: bool
    parts: MessageParts
    pk: str = PLACEHOLDERS["id"]
    # Messages with thoughts alone, with files, with requests for approval or answers to them, or
    # with versions beside them are not cached.
    place: None = None
    reasoning: str = ""
    shown_reasoning: str = ""
    shown_files: tuple = ()
    is_answer: bool = False


class _LookContext(Context):
    """Template context in which a MessageLook is rendered. It has none of Django's defaults; a name
    in ABSENT gives "", any other that it does not have raises NotInLook."""

    # What the template asks for, and a look never has.
    ABSENT = ("readonly", "home", "carried", "ask", "labelled", "style", "feedback")

    def __getitem__(self, key):
        try:
            return super().__getitem__(key)
        except KeyError:
            if key in self.ABSENT:
                return ""
            raise NotInLook(key) from None


class _Drawn:
    """Cached HTML of a MessageLook, split at its placeholders."""

    def __init__(self, html):
        names = {placeholder: name for name, placeholder in PLACEHOLDERS.items()}
        self._names = [names[placeholder] for placeholder in _PLACEHOLDER.findall(html)]
        self._literals = _PLACEHOLDER.split(html)

    def filled(self, **values):
        """Return the HTML, as safe text, with `values` in place of the placeholders. A value is
        escaped text, or a function that returns it and is called for each occurrence."""
        pieces = [self._literals[0]]
        for name, literal in zip(self._names, self._literals[1:], strict=True):
            value = values[name]
            pieces += (str(value() if callable(value) else value), literal)
        return mark_safe("".join(pieces))  # noqa: S308 (the template's, and what was safe)


def article(message, context):
    """Return the `<article>` element of a Message as safe HTML, from the cache if possible.

    `context` is the template Context of its page: `models` (LanguageModels offered for Retry),
    `csrf_token`, `currency`, and `readonly` if somebody else's conversation is shown.
    """
    look = _look_of(message, context)
    if look is None:
        with context.push(message=message, has_choice=_has_choice(context)):
            return get_template(TEMPLATE).template.render(context)
    drawn = _cache.get(look)
    if drawn is None:
        if len(_cache) >= MOST:
            _cache.clear()
        drawn = _cache[look] = _Drawn(_draw_look(look))
    response, parts = message.own_response, parts_of(message)
    return drawn.filled(
        id=message.pk,
        response_id=response.pk if response else "",
        before=parts.before or "",
        html=parts.answer,
        sources=parts.sources,
        facts=partial(facts, response, context.get("currency")),
        model=escape(tidy(response.model)) if response else "",
        time=partial(time_of, message),
        token=escape(context.get("csrf_token", "")),
        submission=uuid.uuid4,
    )


def _has_choice(context):
    """Return True if `context` offers more than one model to retry with."""
    return len(context.get("models") or ()) > 1


def article_of(message, **context):
    """Return the `<article>` element of a Message as safe HTML: as `article`, but with keyword
    arguments (`models`, `csrf_token`, `currency`, `readonly`) in place of a template Context."""
    return article(message, Context(context))


def _look_of(message, context):
    """Return the MessageLook of a message. None if it has more than text and ids (reasoning, files,
    siblings, an error), or if the page is `readonly` (in `context`): the template then renders it
    without the cache."""
    response, place = message.own_response, message.place
    if context.get("readonly") or (place and place.count > 1):
        return None
    if message.reasoning and not message.items:
        return None
    if message.shown_files or message.is_answer:
        return None
    if message.is_reply and approvals.has_requests(message.items):
        return None
    if response is not None and (response.request.get("left_out") or response.refusal):
        return None
    if message.is_pending:
        if message.live_parts is not None:
            return None
    elif message.is_reply and not (message.text and (response is None or response.ended_well)):
        return None
    return MessageLook(
        language=get_language(),
        role=message.role,
        status=message.status,
        is_reply=message.is_reply,
        is_pending=message.is_pending,
        text=bool(message.text),
        own_response=None if response is None else ResponseLook(response.status),
        thumb="" if message.is_pending else message.thumb,
        has_choice=not message.is_pending and _has_choice(context),
        parts=_PENDING_PARTS if message.is_pending else _PARTS,
    )


def _draw_look(look):
    """Return the template's HTML for a MessageLook, with placeholders in it."""
    context = {
        "message": look,
        "has_choice": look.has_choice,
        "csrf_token": PLACEHOLDERS["token"],
        "placeholders": PLACEHOLDERS,
    }
    return get_template(TEMPLATE).template.render(_LookContext(context))
