"""Tool uses: how often a call of the model gateway used each of the gateway's own tools (web
search, code …), by the gateway's report or else by counting items of the answer. Pure functions on
JSON."""

import re
from typing import NamedTuple

from conversations.models import Charge
from conversations.tools.kind import (
    CODE_INTERPRETER,
    FILE_SEARCH,
    IMAGE_GENERATION,
    WEB_SEARCH,
)

Basis = Charge.Basis

# Names of counts in an object of `tool_usage`.
COUNTS = ("num_requests", "num_sessions", "num_calls", "count")
# Anthropic and OpenRouter count like this: {"web_search_requests": 2}.
_REQUESTS = re.compile(r"([a-z0-9_]{1,40})_requests")
_KIND = re.compile(r"[A-Za-z0-9_.:-]{1,50}")
# Most kinds of tools of one call, and the largest count that is accepted for one of them.
MOST_KINDS = 20
LARGEST = 1_000_000_000


class Use(NamedTuple):
    """How often one call used one tool: `quantity` (at least 1) of the tool `kind`, such as
    "web_search". `basis` is a Charge.Basis: reported by the gateway, or counted here."""

    kind: str
    quantity: int
    basis: str


def uses_of(tool_usage, items, *, broke_off=False):
    """Return a list of Use, one for each kind of tool that a call used, sorted by kind, at most
    MOST_KINDS.

    `tool_usage` is the column Response.tool_usage (JSON or None), `items` a list of the answer's
    items (dicts as in the API; None: no items), complete or not; `broke_off` as in `counted`. A
    number in `tool_usage`, even 0, is preferred to counting items of that kind.
    """
    found = reported(tool_usage)
    uses = [Use(kind, number, Basis.REPORTED) for kind, number in found.items() if number]
    known = set(found)
    if any(number for kind, number in found.items() if kind.startswith("image_")):
        # Pictures are charged by their tokens then, not by their number.
        known.add(IMAGE_GENERATION)
    uses += [
        Use(kind, number, Basis.COUNTED)
        for kind, number in counted(items, broke_off=broke_off).items()
        if kind not in known
    ]
    return sorted(uses)[:MOST_KINDS]


def reported(tool_usage):
    """Return `{kind of tool: quantity}` as `tool_usage` (JSON as the gateway sent it) reports it,
    zeros included; what is in no known form is left out."""
    found = {}
    if not isinstance(tool_usage, dict):
        return found
    for name, value in tool_usage.items():
        if name == "image_gen" and isinstance(value, dict):
            found.update(_image_tokens(value))
        elif name == "server_tool_use" and isinstance(value, dict):
            for key, number in value.items():
                kind = _REQUESTS.fullmatch(key)
                if kind and _number(number) is not None:
                    found.setdefault(kind[1], _number(number))
        elif _KIND.fullmatch(name):
            number = _number(value)
            if isinstance(value, dict):
                counts = [_number(value[key]) for key in COUNTS if key in value]
                number = max((each for each in counts if each is not None), default=None)
            if number is not None:
                found[name] = number
    return found


def _image_tokens(image_gen):
    """Return `{kind: tokens}` for generated pictures from `image_gen`, the object
    `tool_usage.image_gen`. Kinds are such as "image_input_text_tokens": tokens of input and output,
    split into text and image as far as the gateway splits them; the rest is "image_output_tokens"
    or "image_input_tokens".

    Input read from the cache has separate kinds, and is subtracted from the ordinary ones. Cached
    input that is said to be neither text nor image counts as ordinary input.
    """
    found = {}
    for direction in ("input", "output"):
        total = _number(image_gen.get(f"{direction}_tokens"))
        details = _object(image_gen.get(f"{direction}_tokens_details"))
        parts = 0
        for content in ("text", "image"):
            part = _number(details.get(f"{content}_tokens"))
            if part is not None:
                found[f"image_{direction}_{content}_tokens"] = part
                parts += part
        if total is not None and total > parts:
            found[f"image_{direction}_tokens"] = total - parts
    cached = _object(image_gen.get("cached_tokens_details"))
    for content in ("text", "image"):
        whole = f"image_input_{content}_tokens"
        part = min(_number(cached.get(f"cached_{content}_tokens")) or 0, found.get(whole, 0))
        if part:
            found[whole] -= part
            found[f"image_cached_{content}_tokens"] = part
    return found


def _object(value):
    """Return `value` (from JSON) if it is a dict, else {}."""
    return value if isinstance(value, dict) else {}


def number_of(uses, items, *, broke_off=False):
    """Return how often a call used tools, charged or not: the sum of `uses` (a list of Use, from
    `uses_of`) and the number of calls of MCP servers (`mcp_call`), which nobody charges for.
    Pictures that are charged by tokens count by their number in `items`.

    `items` is the list of the answer's items (None: none); with `broke_off`, for a reply that was
    stopped or cut off, uses that had begun count too.
    """
    tokens = [use for use in uses if use.kind.startswith("image_") and use.kind != IMAGE_GENERATION]
    number = sum(use.quantity for use in uses if use not in tokens)
    if tokens:
        number += counted(items, broke_off=broke_off).get(IMAGE_GENERATION, 0)
    number += sum(
        isinstance(item, dict)
        and item.get("type") == "mcp_call"
        and item.get("status") in (_BEGUN if broke_off else _DONE)
        for item in items or ()
    )
    return min(number, LARGEST)


def counted(items, *, broke_off=False):
    """Count the uses of tools in `items`, a list of items of an answer (None: no items); return
    `{kind of tool: quantity}`, without kinds that were not used.

    Counted are completed web searches (opening a page is free) and file searches, completed
    pictures, and containers in which code ran. An item or container that occurs twice counts once.
    With `broke_off`, for a reply that was stopped or cut off, uses count too that had begun: the
    gateway may have completed them after the connection was closed.
    """
    counts = _BEGUN if broke_off else _DONE
    searches, files, pictures, containers = set(), set(), set(), set()
    for number, item in enumerate(items or ()):
        if not isinstance(item, dict):
            continue
        key = item["id"] if isinstance(item.get("id"), str) and item["id"] else number
        is_complete = item.get("status") in counts
        match item.get("type"):
            case "web_search_call" | "openrouter:web_search":
                if is_complete and _is_search(item.get("action")):
                    searches.add(key)
            case "file_search_call" | "openrouter:file_search" if is_complete:
                files.add(key)
            case "image_generation_call" | "openrouter:image_generation" if is_complete:
                pictures.add(key)
            case "code_interpreter_call":
                # A container is charged for once it was started, whatever became of the code.
                container = item.get("container_id")
                if isinstance(container, str) and container:
                    containers.add(container)
    found = {
        WEB_SEARCH: searches,
        FILE_SEARCH: files,
        IMAGE_GENERATION: pictures,
        CODE_INTERPRETER: containers,
    }
    return {kind: len(keys) for kind, keys in found.items() if keys}


# Values of `status` of items that count; None, where the field is missing.
_DONE = (None, "completed")
_BEGUN = (*_DONE, "in_progress", "searching", "generating", "incomplete")


def _is_search(action):
    """Return True if `action`, the field of a web_search_call, is a search (not the opening of a
    page). None, or one without a type, counts as a search: gateways that do nothing else leave them
    out."""
    return action is None or (isinstance(action, dict) and action.get("type", "search") == "search")


def _number(value):
    """Return `value` from JSON if it is a whole number from 0 to LARGEST, else None."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= LARGEST else None
