"""Export of one conversation as a Markdown file: the branch of the tree that its page shows."""

import re
from urllib.parse import quote

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from conversations.items import kind_of, sources, with_numbers
from conversations.thread.message_tree import MessageTree
from conversations.transfer import file_members
from conversations.transfer.exported_messages import messages_in_batches


def pieces(conversation, *, zipped=None):
    """Yield `conversation` (a Conversation) as Markdown text, in pieces of a message each, so that
    a long one takes little memory: its title, then each message of its active branch under a
    heading with the name of the person or model, and the time.

    `zipped` is what `file_members.by_message` returned for the conversation if the text goes into a
    zip with the bytes of its files: their names are then links to these members (None: names only).
    Uses the active language and time zone.
    """
    ids = list(MessageTree(conversation).path_through(None, conversation.active_id))
    in_zip = zipped is not None
    files = zipped if in_zip else file_members.by_message(conversation)
    yield f"# {' '.join(conversation.display_title.split())}"
    for message in messages_in_batches(ids):
        at = date_format(timezone.localtime(message.created_at), "SHORT_DATETIME_FORMAT")
        message.shown_files = files.get(message.pk, [])
        parts = [f"## {speaker(message, conversation.owner)} · {at}"]
        parts += paragraphs(message, in_zip=in_zip)
        yield "".join(f"\n\n{part}" for part in parts if part)
    yield "\n"


def speaker(message, owner):
    """Return the name of the author of the Message `message` as text: the display name of the
    conversation's `owner` (a Person), or the name of the language model; "Reply", translated, where
    the model is not known."""
    if not message.is_reply:
        return owner.display_name
    response = message.own_response
    return (response.answered_model or response.model) if response else _("Reply")


def paragraphs(message, *, in_zip=False):
    """Return a list of Markdown texts, the paragraphs that export the Message `message`: its text
    or, if it has items, each item as Markdown and the lists of its sources; last the names of its
    `shown_files`, as links to their bytes in a zip if `in_zip` is True."""
    files = _files(message, in_zip)
    if not message.items:
        return [message.text.strip(), *files]
    named = sources(message.items)
    parts = [with_numbers(kind_of(item).exported(item), named) for item in message.items]
    cited = [f"{source.number}. {_link(source)}" for source in named if source.is_cited]
    consulted = [f"- {_link(source)}" for source in named if not source.is_cited]
    if cited:
        parts += [_("Cited:"), "\n".join(cited)]
    if consulted:
        parts += [_("Consulted:"), "\n".join(consulted)]
    return [part.strip() for part in [*parts, *files]]


def _files(message, in_zip):
    """Return two Markdown paragraphs in a list, a heading and the names of the files of the Message
    `message` (its `shown_files`); [] if it has no files. If `in_zip` the names are links to the
    files' bytes in the zip."""
    named = [f"- {_file(file, in_zip)}" for file in message.shown_files]
    return [_("Files:"), "\n".join(named)] if named else []


def _file(file, in_zip):
    """Return the name of the Attachment `file` in Markdown, as a link to its bytes in the zip if
    `in_zip` is True and the zip has them."""
    name = escaped(" ".join(file.name.split()))
    if not (in_zip and file_members.has_bytes(file)):
        return name
    # Seen from the folder of the Markdown files.
    return f"[{name}](<../{quote(file_members.path_of(file), safe=_IN_URLS)}>)"


def _link(source):
    """Return the Source `source` as a Markdown link to its web page, or only its title if it is a
    file."""
    title = escaped(source.title)
    return f"[{title}](<{quote(source.url, safe=_IN_URLS)}>)" if source.url else title


def escaped(text):
    """Return `text` with its special characters escaped, so that Markdown shows it unchanged."""
    return _SPECIAL.sub(r"\\\1", text)


_SPECIAL = re.compile(r"([\\`*_\[\]<>~$|])")
_IN_URLS = ":/?#@!$&'()*+,;=%~-._[]"
