"""Open requests for approval: the model's requests in a reply to use a tool of an MCP server that
the conversation's owner may answer now."""

from conversations.items import approvals
from conversations.models import Message, Response


def open_requests(message):
    """Return a list of the items (dicts) of `message` (a Message) that are requests for approval
    and can be answered now; [] for nearly all messages.

    They can be answered if the reply has ended, came from a gateway (an imported file may say
    anything), and has no message after it. Whether it has one takes a query, unless
    `message.is_followed` is set.
    """
    if not (message.is_reply and not message.is_pending and approvals.has_requests(message.items)):
        return []
    response = message.own_response
    if response is None or _is_followed(message):
        return []
    return approvals.answerable(message.items, is_cut_off=response.status not in Response.WHOLE)


def _is_followed(message):
    """Return True if a message answers the Message `message`; store the result in
    `message.is_followed`, so that only the first call takes a query."""
    if message.is_followed is None:
        message.is_followed = Message.objects.filter(parent_id=message.pk).exists()
    return message.is_followed
