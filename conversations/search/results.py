"""Hits -> what the search page shows: conversations, and the best places in each."""

from dataclasses import dataclass, field

from conversations.models import Conversation, Message
from conversations.search.highlight import snippet

CONVERSATIONS = 20  # a page
PLACES = 3  # shown of one conversation


@dataclass
class Place:
    """A message that was found, and the `pieces` of it to show, each with whether it matches."""

    message: Message
    pieces: list


@dataclass
class Result:
    """A conversation, its title in pieces, and the places found in it; `more` were found."""

    conversation: Conversation
    title: list
    places: list = field(default_factory=list)
    more: int = 0


def results(hits, phrases, places=PLACES):
    """`(Results, number of hits used)`: the first conversations of `hits`, in their order."""
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
