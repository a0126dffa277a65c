"""Fields of a request to the gateway for the tools that are switched on."""

from conversations.tools.kind import WEB_SEARCH

# Fields of the stored request (`Response.request`) that are fields of the request's body too.
FIELDS = ("tools", "include")


def fields_of(tools):
    """Return `{"tools": […], "include": […]}` for `tools`, the Tools that are on; without `include`
    where no tool has any, and {} for no tools, so that the request is then as it was without them.

    Variables such as `${NAME}` are still unresolved (see `secrets`).
    """
    if not tools:
        return {}
    fields = {"tools": [as_sent(tool) for tool in tools]}
    include = list(dict.fromkeys(value for tool in tools for value in tool.include))
    if include:
        fields["include"] = include
    return fields


def fields_stored(request):
    """Return the fields `tools` and `include` (a dict) of `request`, the JSON of
    `Response.request`, as far as it has them."""
    return {name: request[name] for name in FIELDS if name in request}


def as_sent(tool):
    """Return the JSON (dict) of `tool` (a Tool) for the request.

    That is `tool.json`, except where the type begins with "web_search": there, a missing
    `user_location` becomes `{"type": "approximate"}`, without a place, as OpenAI would otherwise
    search as from the United States; one that is null or empty is left out.
    """
    if not tool.type.startswith(WEB_SEARCH):
        return tool.json
    sent = {"user_location": {"type": "approximate"}, **tool.json}
    return {key: value for key, value in sent.items() if key != "user_location" or value}
