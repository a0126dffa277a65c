"""The article of a message, drawn by templates/conversations/_message.html.

Nearly all messages of a person look alike but for ids and text. Each look is drawn once by the
template, with marks in place of what differs, and then filled in for every message: to draw them
one by one took two thirds of the time of a page.
"""

import re
import secrets
import uuid
from copy import copy
from functools import partial

from django.template import Context
from django.template.loader import get_template
from django.utils.html import escape
from django.utils.safestring import mark_safe
from django.utils.translation import get_language

from conversations.thread.response_facts import facts

NAMES = ("id", "call", "html", "facts", "token", "submission")
# Nobody who writes knows them.
MARKS = {name: f"{name}-{secrets.token_hex(16)}" for name in NAMES}
_MARK = re.compile("|".join(MARKS.values()))
# Languages times roles, states, thumbs and sets of models.
MOST = 500
_looks = {}


def article(message, context):
    """The safe HTML of `message` in a template's Context, which has the person's `models`, the
    `csrf_token` and the `currency`."""
    look = _look_of(message, context)
    if look is None:
        return _draw(message, context)
    if look not in _looks:
        if len(_looks) >= MOST:
            _looks.clear()
        _looks[look] = _Look(_draw(_stand_in(message), context, marks=MARKS))
    call = message.call
    return _looks[look].filled(
        id=message.pk,
        call=call.pk if call else "",
        html=message.shown_html,
        facts=partial(facts, call, context.get("currency")),
        token=escape(context.get("csrf_token", "")),
        submission=uuid.uuid4,
    )


class _Look:
    """HTML with marks in it, cut at the marks."""

    def __init__(self, html):
        self._names = {mark: name for name, mark in MARKS.items()}
        self._marks = [self._names[mark] for mark in _MARK.findall(html)]
        self._literals = _MARK.split(html)

    def filled(self, **values):
        """The HTML with `values` in place of the marks: safe text, or a function that gives it."""
        pieces = [self._literals[0]]
        for name, literal in zip(self._marks, self._literals[1:], strict=True):
            value = values[name]
            pieces += (str(value() if callable(value) else value), literal)
        return mark_safe("".join(pieces))  # noqa: S308 (the template's, and what was safe)


def _look_of(message, context):
    """What the look of a message depends on; None where it is one of a kind."""
    call, place = message.call, message.place
    if context.get("readonly") or message.reasoning or (place and place.count > 1):
        return None
    if call is not None and (call.request.get("left_out") or call.refusal):
        return None
    if message.is_pending:
        return None if message.live_reasoning else (get_language(), message.role, message.status)
    if message.is_reply and not (message.text and (call is None or call.ended_well)):
        return None
    models = tuple(model.name for model in context.get("models") or ())
    return get_language(), message.role, call is None, message.thumb, models


def _stand_in(message):
    """The message with marks in place of what differs from others that look like it."""
    stand_in = copy(message)
    stand_in.pk = MARKS["id"]
    stand_in.live_html = mark_safe(MARKS["html"])  # noqa: S308 (ours)
    stand_in.call = copy(message.call)
    if stand_in.call is not None:
        stand_in.call.pk = MARKS["call"]
    return stand_in


def _draw(message, context, marks=None):
    values = {"message": message}
    if marks:
        values |= {"marks": marks, "csrf_token": marks["token"]}
    with context.push(**values):
        return get_template("conversations/_message.html").template.render(context)


def article_of(message, **values):
    """As `article`, where there is no template around it."""
    return article(message, Context(values))
