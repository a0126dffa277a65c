"""List of a person's conversations in the sidebar: pinned ones first, then grouped by the day of
their last activity."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from conversations.models import Attachment, Conversation, Response

PAGE = 50
# Pinned conversations in the sidebar, which every page draws; the others have a page of their own.
MOST_PINNED = 100
# The most conversations that an open page may refresh with one request.
MOST = 1_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SHOWN = ("id", "title", "updated_at", "pinned_at", "unseen")


@dataclass(frozen=True)
class Group:
    """Conversations under one heading of the sidebar. `key` identifies the heading ("pinned",
    "today", "2026-11"), `name` is its text in the active language."""

    key: str
    name: str
    conversations: list


@dataclass(frozen=True)
class Listing:
    """Page of the list of conversations: its Groups, and `older`, the text to pass as `before` to
    `listing` for the next page ("": this is the last page). `more_pinned` is True if there are
    pinned conversations that no page of the list has."""

    groups: list
    older: str = ""
    more_pinned: bool = False


def listing(person, before="", length=PAGE):
    """Return a Listing of `person`'s conversations for the sidebar: the MOST_PINNED most recently
    pinned and, of the others, the `length` most recently used. With `before` (`older` of the
    previous Listing) it has only the next `length` of the others.

    Takes three queries, however many there are. Days are those of the active time zone. For a
    `before` that is not valid the list begins at the newest.
    """
    mine = Conversation.objects.of(person).annotate(has_files=_has_files())
    pinned = [] if before else list(mine.pinned().only(*_SHOWN)[: MOST_PINNED + 1])
    pinned, more_pinned = pinned[:MOST_PINNED], len(pinned) > MOST_PINNED
    rows = list(_behind(mine.listed(), before).only(*_SHOWN)[: length + 1])
    shown, more = rows[:length], rows[length:]
    _note_writing([*pinned, *shown])
    groups = [Group("pinned", _("Pinned"), pinned)] if pinned else []
    for conversation in shown:
        key, name = _heading(timezone.localdate(conversation.updated_at), timezone.localdate())
        if not groups or groups[-1].key != key:
            groups.append(Group(key, name, []))
        groups[-1].conversations.append(conversation)
    return Listing(groups, _cursor(shown[-1]) if more else "", more_pinned)


def _has_files():
    """Return the condition (Exists) for a queryset of conversations that is true for those which
    have a message with files."""
    sent = Attachment.objects.filter(conversation=OuterRef("pk"), message__isnull=False)
    return Exists(sent)


def _note_writing(conversations):
    """Set `is_writing` of each Conversation, by one query: True if a reply to it is under way."""
    ids = [conversation.pk for conversation in conversations]
    responses = Response.objects.open().filter(
        conversation_id__in=ids, purpose=Response.Purpose.REPLY
    )
    writing = set(responses.values_list("conversation_id", flat=True)) if ids else set()
    for conversation in conversations:
        conversation.is_writing = conversation.pk in writing


def _heading(day, today):
    """Return the `(key, name)` of the sidebar's group for conversations last used on the date
    `day`, such as "Today" or a month; `today` is the present date."""
    if day >= today:
        return "today", _("Today")
    if day == today - timedelta(days=1):
        return "yesterday", _("Yesterday")
    if day >= today - timedelta(days=7):
        return "week", _("Previous 7 days")
    if day >= today - timedelta(days=30):
        return "month", _("Previous 30 days")
    return f"{day:%Y-%m}", date_format(day, "YEAR_MONTH_FORMAT")


def _cursor(conversation):
    """Return the cursor for conversations listed below `conversation`, as text for a URL:
    `MICROSECONDS-ID`, the time of its last use (since 1970, UTC) and its id (hexadecimal)."""
    at = (conversation.updated_at - _EPOCH) // timedelta(microseconds=1)
    return f"{at}-{conversation.pk.hex}"


def _behind(conversations, cursor):
    """Return the queryset `conversations` filtered to those listed below `cursor`, the text
    `MICROSECONDS-ID` that `_cursor` returns; unchanged for a cursor that is empty or not valid."""
    at, _dash, pk = cursor.partition("-")
    try:
        at, pk = _EPOCH + timedelta(microseconds=int(at)), UUID(hex=pk)
    except (ValueError, OverflowError):
        return conversations
    return conversations.filter(Q(updated_at__lt=at) | Q(id__lt=pk), updated_at__lte=at)
