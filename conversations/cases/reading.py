"""A conversation of a case as a page that opens without a server, and as Markdown: every message of
every branch, numbered, with what it follows, what it cost and how it ended."""

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
    """A Message with its `number` in the order of time, from 1, and that of the message it
    `follows` (None at the beginning)."""

    message: Message
    number: int
    follows: int | None
    # `(name, name in the zip)` of its files.
    files: tuple = ()

    @property
    def branches(self):
        """True if the message does not simply follow the one before it."""
        return self.follows != (self.number - 1 or None)

    @property
    def speaker(self):
        """The name of the author: the person's, or the model's if it is known."""
        if not self.message.is_reply:
            return self.message.conversation.owner.display_name
        response = self.message.own_response
        return (response.answered_model or response.model) if response else _("Reply")

    @property
    def ending(self):
        """How the reply ended, as the API's word, if not completed; "" else."""
        status = self.message.status
        return "" if status == Response.Status.COMPLETED else status


def messages(conversation):
    """Yield a NumberedMessage for each message of the Conversation, oldest first."""
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
            files.setdefault(file.message_id, []).append((file.name, case_files.name_of(file)))
        for pk in some:
            # Deleted meanwhile.
            if pk in found:
                number, parent = numbers[pk]
                found[pk].conversation = conversation
                # Named by `files`, with those that are deleted for the owner: not once more.
                found[pk].shown_files = []
                follows = numbers.get(parent, (None,))[0]
                yield NumberedMessage(found[pk], number, follows, tuple(files.get(pk, ())))


def pages(conversation):
    """Yield the HTML page of the Conversation in pieces, as text. It loads nothing and has no
    scripts; HTML of messages is what the site shows, without anything that was not sanitized."""
    context = {"conversation": conversation, "zone": timezone.get_current_timezone_name()}
    yield render_to_string("cases/begin.html", context)
    for each in messages(conversation):
        yield render_to_string("cases/message.html", {"each": each, "message": each.message})
    yield render_to_string("cases/end.html", context)


def index(conversations, context):
    """Return the HTML of the case's first page: `conversations` is a list of `(title, owner,
    folder, number of messages)`, `context` what the manifest says about the case."""
    return render_to_string("cases/index.html", {**context, "conversations": conversations})


def markdown(conversation):
    """Yield the Conversation as Markdown in pieces, as text."""
    yield f"# {' '.join(conversation.display_title.split())}\n"
    for each in messages(conversation):
        at = date_format(timezone.localtime(each.message.created_at), "SHORT_DATETIME_FORMAT")
        head = f"\n## {each.number}. {each.speaker} · {at}"
        if each.branches and each.follows:
            head += " · " + _("follows %(number)d") % {"number": each.follows}
        if each.ending:
            head += f" · {each.ending}"
        names = "".join(f"\n[{name}](<files/{stored}>)\n" for name, stored in each.files)
        said = "\n\n".join(filter(None, markdown_export.paragraphs(each.message)))
        yield f"{head}\n\n{said}\n{names}"
