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
    """Return the name of the author of the Message `message`: the owner of the Conversation, or the
    language model; the word "Reply", translated, if that is not known."""
    if not message.is_reply:
        return conversation.owner.display_name
    response = message.own_response
    return (response.answered_model or response.model) if response else _("Reply")


def paragraphs(message):
    """Return a list of Markdown texts, the paragraphs that export the Message `message`: its text
    or, if it has items, each item in words and the lists of its sources; last its files."""
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
    """Return two Markdown paragraphs in a list, a heading and the names of the files of the Message
    `message` (its `shown_files`); [] if it has no files."""
    named = [f"- {_escaped(file.name)}" for file in message.shown_files]
    return [_("Files:"), "\n".join(named)] if named else []


def _link(source):
    """Return the Source `source` as a Markdown link to its web page, or only its title if it is a
    file."""
    title = _escaped(source.title)
    return f"[{title}](<{quote(source.url, safe=_IN_URLS)}>)" if source.url else title


def _escaped(text):
    """Return `text` with its special characters escaped, so that Markdown shows it unchanged."""
    return _SPECIAL.sub(r"\\\1", text)


_SPECIAL = re.compile(r"([\\`*_\[\]<>~$|])")
_IN_URLS = ":/?#@!$&'()*+,;=%~-._[]"
