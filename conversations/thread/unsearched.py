"""Replies whose request offered the model a search of the web, and whose gateway did not search:
four of six gateways drop tools that they do not have, and say nothing."""

from conversations.items import kind_of, sources
from conversations.models import Response
from conversations.tools.kind import WEB_SEARCH
from conversations.tools.kind import kind_of as kind_of_tool
from conversations.usage.tool_uses import reported


def is_unsearched(message):
    """Return True if the request for the reply `message` (a Message) offered a search of the web,
    the reply has ended with a text, and neither its items nor its sources nor the gateway's report
    say that there was a search. True also if the model could have searched and chose not to."""
    response = message.own_response
    if response is None or response.status not in Response.WHOLE or not message.text:
        return False
    offered = response.request.get("tools")
    if not isinstance(offered, list) or not any(map(_is_search, offered)):
        return False
    items = message.items or ()
    if any(kind_of(item).type == "web_search_call" for item in items):
        return False
    # Bridges to other APIs search without an item, and cite what they found.
    if any(source.url for source in sources(items)):
        return False
    return not reported(response.tool_usage).get(WEB_SEARCH)


def _is_search(tool):
    """Return True if `tool`, an entry of the request's `tools`, is a search of the web."""
    name = tool.get("type") if isinstance(tool, dict) else None
    return isinstance(name, str) and kind_of_tool(name) == WEB_SEARCH
