"""Search results for the search page: Hits grouped by conversation, with excerpts of messages and
files."""

from dataclasses import dataclass, field

from django.db.models import F
from django.db.models.functions import Substr

from conversations.items import searched_of
from conversations.models import Attachment, Conversation, Message
from conversations.search.highlight import snippet

CONVERSATIONS = 20  # a page
PLACES = 3  # shown of one conversation


@dataclass
class Place:
    """Message found by a search, or a file in it: `message` is the Message, `file` the Attachment
    (None: the message itself was found). `pieces` is an excerpt of the text, or of what the
    message's tools did, as a list of `(text, True if it matches)`; [] for a file without text."""

    message: Message
    pieces: list
    file: Attachment | None = None


@dataclass
class Result:
    """Conversation found by a search: the Conversation, its `title` as a list of `(text, True if it
    matches)`, `places` (a list of Place: the found messages and files to show) and `more`, the
    number of further ones found in it."""

    conversation: Conversation
    title: list
    places: list = field(default_factory=list)
    more: int = 0


def results(hits, phrases, places=PLACES):
    """Group `hits` (Hit objects) by conversation, and return `(list of Results, number of hits
    used)` for the first CONVERSATIONS conversations, in the order of `hits`; the hits after those
    used are for the next page.

    `phrases` are those of the query (query.Phrase objects), to highlight; `places` is how many
    messages and files of each conversation are shown.
    """
    found, used = {}, 0
    for hit in hits:
        if hit.conversation_id not in found and len(found) == CONVERSATIONS:
            break
        shown = found.setdefault(hit.conversation_id, [])
        place = hit.message_id, hit.attachment_id
        if hit.message_id and place not in shown:
            shown.append(place)
        used += 1
    conversations = Conversation.objects.in_bulk(list(found))
    make = _places([place for shown in found.values() for place in shown[:places]], phrases)
    return [
        Result(
            conversations[pk],
            snippet(conversations[pk].display_title, phrases),
            [make[place] for place in shown[:places] if place in make],
            max(0, len(shown) - places),
        )
        for pk, shown in found.items()
        if pk in conversations
    ], used


def _places(wanted, phrases):
    """Return `{(message id, attachment id): Place}` for those of `wanted`, a list of such pairs,
    that still exist; the attachment id is None for a message's own text."""
    messages = Message.objects.only("conversation", "role", "text", "created_at")
    messages = messages.in_bulk({message for message, _file in wanted})
    own = {
        message: messages[message].text
        for message, file in wanted
        if message in messages and not file
    }
    passages = message_excerpts(own, phrases)
    files = excerpts([file for _message, file in wanted if file], phrases)
    found = {}
    for message, file in wanted:
        if message not in messages:
            continue
        if file is None:
            found[message, file] = Place(messages[message], passages[message])
        elif file in files:
            attachment, pieces = files[file]
            found[message, file] = Place(messages[message], pieces, attachment)
    return found


def message_excerpts(texts, phrases):
    """Return `{id: pieces}` for `texts`, `{id of a message: its text}`. `pieces` is a list of
    `(piece of text, True if it is a match)`: an excerpt around the first match of `phrases`. If the
    text has no match, but what the message's tools did has one, it is an excerpt of that. Takes one
    query, none if all texts match."""
    found = {pk: snippet(text, phrases) for pk, text in texts.items()}
    others = [pk for pk, pieces in found.items() if not _has_match(pieces)]
    if others:
        with_items = Message.objects.filter(pk__in=others, items__isnull=False)
        for pk, items in with_items.values_list("pk", "items"):
            pieces = snippet(searched_of(items), phrases)
            if _has_match(pieces):
                found[pk] = pieces
    return found


def _has_match(pieces):
    """Return True if one of `pieces`, `(piece of text, True if it is a match)`, is a match."""
    return any(matches for _piece, matches in pieces)


def excerpts(attachment_ids, phrases):
    """Return `{attachment id: (Attachment, pieces)}` for the files with these ids, also those that
    are deleted for their owner and kept under a legal hold. `pieces` is a list of `(piece of text,
    True if it is a match)`: an excerpt around the first match of `phrases` in the text that the
    index has of the file, its beginning without a match; [] for a file without text."""
    found = {}
    files = Attachment.with_hidden.filter(pk__in=attachment_ids).annotate(
        known=Substr("text", 1, F("indexed"))
    )
    for attachment in files.only("name"):
        text = attachment.known.strip()
        found[attachment.pk] = attachment, snippet(text, phrases) if text else []
    return found
