"""Export of one conversation as a Markdown file: the branch of the tree that its page shows."""

import re
from urllib.parse import quote

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from conversations.items import kind_of, sources, with_numbers
from conversations.models import Attachment, Message
from conversations.thread.message_tree import MessageTree


def write(conversation):
    """Return `conversation` (a Conversation) as Markdown text: its title, then each message of its
    active branch under a heading with the name of the person or model, and the time.

    Uses the active language and time zone.
    """
    ids = list(MessageTree(conversation).path_through(None, conversation.active_id))
    by_id = Message.objects.select_related("response").in_bulk(ids)
    files = {}
    sent = Attachment.objects.filter(conversation=conversation, message__isnull=False)
    for file in sent.defer("text"):
        files.setdefault(file.message_id, []).append(file)
    parts = [f"# {' '.join(conversation.display_title.split())}"]
    for message in (by_id[message_id] for message_id in ids):
        at = date_format(timezone.localtime(message.created_at), "SHORT_DATETIME_FORMAT")
        message.shown_files = files.get(message.pk, [])
        parts += [f"## {_speaker(message, conversation)} · {at}", *paragraphs(message)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _speaker(message, conversation):
    """Return the name of a message's author: the person's, or the model's if it is known."""
    if not message.is_reply:
        return conversation.owner.display_name
    response = message.own_response
    return (response.answered_model or response.model) if response else _("Reply")


def paragraphs(message):
    """Return the paragraphs of a Message in Markdown, a list of texts: its text or, where it has
    more than that, each of its items in words, and the list of its sources."""
    if not message.items:
        return [message.text.strip(), *_files(message)]
    named = sources(message.items)
    parts = [with_numbers(kind_of(item).exported(item), named) for item in message.items]
    cited = [f"{source.number}. {_link(source)}" for source in named if source.is_cited]
    consulted = [f"- {_link(source)}" for source in named if not source.is_cited]
    if cited:
        parts += [_("Cited:"), "\n".join(cited)]
    if consulted:
        parts += [_("Consulted:"), "\n".join(consulted)]
    return [part.strip() for part in [*parts, *_files(message)]]


def _files(message):
    """Return the paragraph that names the files of a Message, in a list; [] if it has none."""
    named = [f"- {_escaped(file.name)}" for file in message.shown_files]
    return [_("Files:"), "\n".join(named)] if named else []


def _link(source):
    """Return a Source as a Markdown link, or its title if it has no address."""
    title = _escaped(source.title)
    return f"[{title}](<{quote(source.url, safe=_IN_URLS)}>)" if source.url else title


def _escaped(text):
    """Return `text` as Markdown that shows it as it is."""
    return _SPECIAL.sub(r"\\\1", text)


_SPECIAL = re.compile(r"([\\`*_\[\]<>~$|])")
_IN_URLS = ":/?#@!$&'()*+,;=%~-._[]"
