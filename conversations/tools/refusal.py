"""Refusal of a request because of its tools: finds which tool or setting an error of the gateway
names."""

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from conversations.rendering.isolated_text import isolated
from conversations.tools.kind import label_of

TOOL, INCLUDE, MAXIMUM, ANY = "tool", "include", "max_tool_calls", "tools"
# Sent with web searches even if the LanguageModel's list does not have it (see `request.as_sent`).
LOCATION = "user_location"
# Codes of errors (upstream/error_codes.py) with which gateways refuse what they do not know.
CODES = ("refused", "unsupported", "not_found", "server", "model_failed")

# As FastAPI and OpenAI name a place in the request: "body.include.0", "tools[1].type".
_PLACE = re.compile(r"\b(include|tools)(?:\.|\[)(\d{1,3})\b")
_INCLUDE = re.compile(r"""["'`“]include\b|\binclude(?:\[|["'`”]|\s+(?:value|parameter|field))""")
_TOOLS = re.compile(r"\btools?\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Named:
    """Part of a request that an error of the gateway names: `part` is TOOL, INCLUDE, MAXIMUM,
    LOCATION, or ANY for tools in general; `value` is the type of the tool (TOOL), the value of
    `include` (INCLUDE) or the name of the field (MAXIMUM), "" if the error names none."""

    part: str
    value: str = ""


def named_in(message, request):
    """Return as a Named which tool, or which field sent with tools, the gateway's error `message`
    (text) names; None if it names none, or if `request`, the JSON of `Response.request`, has no
    tools."""
    tools = [tool for tool in request.get("tools") or () if _has_type(tool)]
    if not tools:
        return None
    types = [tool["type"] for tool in tools]
    if LOCATION in message and any(LOCATION in tool for tool in tools):
        return Named(LOCATION)
    include = [value for value in request.get("include") or () if isinstance(value, str)]
    for place in _PLACE.finditer(message):
        part, number = place[1], int(place[2])
        values = include if part == INCLUDE else types
        if number < len(values):
            return Named(INCLUDE if part == INCLUDE else TOOL, values[number])
    found = [
        (at, -len(value), Named(part, value))
        for part, values in ((INCLUDE, include), (TOOL, types), (MAXIMUM, [MAXIMUM]))
        for value in values
        if (at := _place_of(value, message)) is not None
    ]
    if found:
        return min(found, key=lambda each: each[:2])[2]
    if include and _INCLUDE.search(message):
        return Named(INCLUDE)
    if _TOOLS.search(message):
        return Named(TOOL, types[0]) if len(types) == 1 else Named(ANY)
    return None


def _has_type(tool):
    return isinstance(tool, dict) and isinstance(tool.get("type"), str)


def _place_of(value, message):
    """Return the index of `value` in `message` as a whole word, None if it is not there. So
    "web_search" is not found in "web_search_preview": an error may list all types that exist."""
    found = re.search(rf"(?<![\w.:-]){re.escape(value)}(?!\w|[.:-]\w)", message)
    return found and found.start()


def sentence_of(named, model, administers):
    """Return the sentence in the active language about `named`, a Named: which setting to clear.
    `model` is the name of the language model; `administers` says whether the reader may change
    models. Who may not is told whom to ask."""
    if not administers:
        return _sentence_for_others(named)
    values = {"value": isolated(named.value), "model": isolated(model)}
    if named.part == MAXIMUM:
        return _(
            "The gateway does not take “max_tool_calls”. Clear the setting MAX_TOOL_CALLS and "
            "start the site anew."
        )
    if named.part == LOCATION:
        return (
            _(
                "The gateway does not take “user_location”, which is sent with web searches. Write "
                '"user_location": null into the search of the model “%(model)s”.'
            )
            % values
        )
    if named.part == TOOL:
        return (
            _(
                "The gateway does not take the tool “%(value)s” for this model. Correct it in the "
                "tools of the model “%(model)s”, or clear it there."
            )
            % values
        )
    if named.part == INCLUDE and named.value:
        return (
            _(
                "The gateway does not take “%(value)s” in “include”. Clear it from the “include” "
                "of the tools of the model “%(model)s”."
            )
            % values
        )
    if named.part == INCLUDE:
        return _("The gateway does not take “include”. Clear it from the tools of “%(model)s”.") % (
            values
        )
    return (
        _(
            "The gateway does not take the tools that were sent. Clear those that it does not know "
            "from the tools of the model “%(model)s”."
        )
        % values
    )


def _sentence_for_others(named):
    """Return the sentence about `named` (a Named) for people who may not change models."""
    if named.part == TOOL:
        return _(
            "The gateway does not take the tool “%(label)s” as it is set up here. Switch it off "
            "and retry, and ask your administrator to correct it."
        ) % {"label": isolated(str(label_of(named.value)))}
    return _(
        "The gateway does not take the tools as they are set up here. Switch them off and retry, "
        "and ask your administrator to correct them."
    )
