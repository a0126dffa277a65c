"""Approvals: the model's requests to use a tool of an MCP server, and a person's answers to them.

A reply ends with one or more items `mcp_approval_request`. The message of the person below it has
one `mcp_approval_response` for each, and no text.
"""

import json
from collections.abc import Collection, Sequence

from .fields import json_in, line_in, text_in
from .kind import Item
from .registry import kind_of

REQUEST = "mcp_approval_request"
RESPONSE = "mcp_approval_response"
# Characters of a tool's or a server's name that are shown. What cannot be read whole cannot be
# allowed.
LONGEST_NAME = 300
LONGEST_ID = 1_000


def has_requests(items: Sequence[Item] | None) -> bool:
    """Return True if the `items` of a message (None: it has none) have a request for approval."""
    return any(item.get("type") == REQUEST for item in items or ())


def has_answers(items: Sequence[Item] | None) -> bool:
    """Return True if the `items` of a message (None: it has none) have a person's answer to a
    request for approval."""
    return any(item.get("type") == RESPONSE for item in items or ())


def answerable(items: Sequence[Item] | None, *, is_cut_off: bool) -> list[Item]:
    """Return the requests for approval among the `items` of a reply that a person can answer, each
    id once, in their order.

    Left out are those without an id or a name, and those that were cut when they were stored or
    whose names are too long to show: nobody can allow what they cannot read. If the reply was cut
    off (`is_cut_off`: it was stopped, interrupted or failed), a request counts only if its
    arguments are complete JSON.
    """
    found: dict[str, Item] = {}
    for item in items or ():
        if item.get("type") == REQUEST and _is_readable(item):
            if not is_cut_off or _is_json(json_in(item, "arguments")):
                found.setdefault(text_in(item, "id"), item)
    return list(found.values())


def answers(requests: Sequence[Item], allowed: Collection[str]) -> list[Item]:
    """Return the items `mcp_approval_response` of a person's message, one for each of the items
    `requests`: a request whose id is in `allowed` is allowed, any other refused.

    Each also has the names of tool and server, for people to read; they are not sent.
    """
    return [
        {
            "type": RESPONSE,
            "approval_request_id": text_in(item, "id"),
            "approve": text_in(item, "id") in allowed,
            "name": text_in(item, "name"),
            "server_label": text_in(item, "server_label"),
        }
        for item in requests
    ]


def answered_input(reply: Sequence[Item], answer: Sequence[Item]) -> list[Item]:
    """Return the items of `input` that a request to the gateway sends for a person's answer: the
    requests for approval that have been answered, then the answers. A request without an answer is
    left out, as is an answer without its request.

    `reply` are the items of the reply that asked, `answer` those of the person's message.
    """
    given: dict[str, Item] = {}
    for item in answer:
        if item.get("type") == RESPONSE:
            given.setdefault(text_in(item, "approval_request_id"), item)
    asked: dict[str, Item] = {}
    for item in reply:
        if item.get("type") == REQUEST and (name := text_in(item, "id")) and name in given:
            asked.setdefault(name, item)
    both = [*asked.values(), *(given[name] for name in asked)]
    return [sent for item in both for sent in kind_of(item).next_input(item)]


def _is_readable(item: Item) -> bool:
    """Return True if the request `item` is whole, and has an id that an HTML form sends back
    unchanged, the name of a tool, and names that can be shown in full."""
    name, server = text_in(item, "name"), text_in(item, "server_label")
    # Browsers change line ends in what forms send.
    has_id = text_in(item, "id") == line_in(item, "id", LONGEST_ID) != ""
    has_names = bool(name.strip()) and max(len(name), len(server)) <= LONGEST_NAME
    return has_id and has_names and not item.get("omitted")


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
