"""Readable forms of a conversation in a case (an export for an investigation): an HTML page that
opens without a server, and Markdown. Both have the messages of all branches, numbered, each with
the message that it answers, its files and how it ended."""

from dataclasses import dataclass

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from conversations.cases import files as case_files
from conversations.models import Message, Response
from conversations.transfer import markdown_export

AT_ONCE = 200  # messages that are read by one query


@dataclass
class NumberedMessage:
    """Message with its `number` in the conversation, counted from 1 in the order of time. `follows`
    is the number of the message that it answers, None for a first message; `files` are pairs
    `(name, name in the zip)` of the files attached to it, with "" for the latter if the zip does
    not have the bytes."""

    message: Message
    number: int
    follows: int | None
    files: tuple = ()

    @property
    def branches(self):
        """Return True if the message does not answer the message before it in time: it answers an
        older one, or is a further first message."""
        return self.follows != (self.number - 1 or None)

    @property
    def speaker(self):
        """Return the name of the author as text: the owner's display name, or the name of the
        language model; "Reply", translated, where the model is not known."""
        return markdown_export.speaker(self.message, self.message.conversation.owner)

    @property
    def ending(self):
        """Return the status of a reply that is not complete, as the API spells it (such as
        "failed"); "" for a complete message."""
        status = self.message.status
        return "" if status == Response.Status.COMPLETED else status


def messages(conversation):
    """Yield a NumberedMessage for each message of the Conversation in all branches, oldest
    first."""
    rows = conversation.messages.order_by("created_at", "id")
    numbers = {}
    for number, (pk, parent) in enumerate(rows.values_list("pk", "parent_id"), 1):
        numbers[pk] = number, parent
    ids = list(numbers)
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        found = Message.objects.select_related("response", "feedback").in_bulk(some)
        files = {}
        for file in case_files.of(conversation).filter(message_id__in=some):
            stored = case_files.name_of(file) if case_files.has_bytes(file) else ""
            files.setdefault(file.message_id, []).append((file.name, stored))
        for pk in some:
            # A message that is not found was deleted meanwhile.
            if pk in found:
                number, parent = numbers[pk]
                found[pk].conversation = conversation
                # `files` has them all, also those deleted for the owner, so none is shown twice.
                found[pk].shown_files = []
                follows = numbers.get(parent, (None,))[0]
                yield NumberedMessage(found[pk], number, follows, tuple(files.get(pk, ())))


def pages(conversation):
    """Yield the HTML page of the Conversation as text in pieces. The page has no scripts and loads
    nothing from a server; the HTML of messages is sanitized as on the site."""
    about = {"conversation": conversation, "zone": timezone.get_current_timezone_name()}
    yield render_to_string("cases/begin.html", about)
    for each in messages(conversation):
        context = {"each": each, "message": each.message, "apart": True}
        yield render_to_string("cases/message.html", context)
    yield render_to_string("cases/end.html", about)


def index(conversations, context):
    """Return the HTML of the first page of a case, with links to its conversations. `conversations`
    is a list of dicts with `title`, `owner` (username), `folder` (UUID) and `messages` (their
    number); `context` is a dict of what the manifest says about the case, such as who exported it
    and why."""
    return render_to_string("cases/index.html", {**context, "conversations": conversations})


def markdown(conversation):
    """Yield the Conversation as Markdown text in pieces: a title, then one piece for each
    message."""
    yield f"# {' '.join(conversation.display_title.split())}\n"
    for each in messages(conversation):
        at = date_format(timezone.localtime(each.message.created_at), "SHORT_DATETIME_FORMAT")
        head = f"\n## {each.number}. {each.speaker} · {at}"
        if each.branches and each.follows:
            head += " · " + _("follows %(number)d") % {"number": each.follows}
        if each.ending:
            head += f" · {each.ending}"
        names = "".join(f"\n{_file(name, stored)}\n" for name, stored in each.files)
        said = "\n\n".join(filter(None, markdown_export.paragraphs(each.message)))
        yield f"{head}\n\n{said}\n{names}"


def _file(name, stored):
    """Return Markdown for a file: `name`, escaped, as a link to `files/{stored}` in the zip, or
    `name` alone if `stored` is "" (the zip does not have its bytes)."""
    shown = markdown_export.escaped(name)
    return f"[{shown}](<files/{stored}>)" if stored else shown
