"""Search results for the search page: Hits grouped by conversation, with excerpts of messages."""

from dataclasses import dataclass, field

from conversations.models import Conversation, Message
from conversations.search.highlight import snippet

CONVERSATIONS = 20  # a page
PLACES = 3  # shown of one conversation


@dataclass
class Place:
    """A message found by a search: `message` is the Message, `pieces` an excerpt of its text as a
    list of `(text, True if it matches)`."""

    message: Message
    pieces: list


@dataclass
class Result:
    """A conversation found by a search: the Conversation, its `title` as a list of `(text, True if
    it matches)`, `places` (a list of Place: the found messages to show) and `more`, the number of
    further messages found in it."""

    conversation: Conversation
    title: list
    places: list = field(default_factory=list)
    more: int = 0


def results(hits, phrases, places=PLACES):
    """Group `hits` (Hit objects) by conversation, and return `(list of Results, number of hits
    used)` for the first CONVERSATIONS conversations, in the order of `hits`.

    `phrases` are the query's, to highlight; `places` is how many messages of each are shown.
    """
    found, used = {}, 0
    for hit in hits:
        if hit.conversation_id not in found and len(found) == CONVERSATIONS:
            break
        messages = found.setdefault(hit.conversation_id, [])
        if hit.message_id and hit.message_id not in messages:
            messages.append(hit.message_id)
        used += 1
    conversations = Conversation.objects.in_bulk(list(found))
    shown = [message for messages in found.values() for message in messages[:places]]
    by_id = Message.objects.only("conversation", "role", "text", "created_at").in_bulk(shown)
    return [
        Result(
            conversations[pk],
            snippet(conversations[pk].display_title, phrases),
            [
                Place(by_id[message], snippet(by_id[message].text, phrases))
                for message in messages[:places]
                if message in by_id
            ],
            max(0, len(messages) - places),
        )
        for pk, messages in found.items()
        if pk in conversations
    ], used
