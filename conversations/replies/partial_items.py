"""Conversion of the items of a reply that is being written to the JSON that checkpoints store, and
back.

`Response.partial` and `.partial_reasoning` have the texts so far. Where the reply has more items
than these two, `.partial_items` has all of them in their order, with the lengths of texts in place
of the texts, so that it changes only when an item begins or a call of a tool changes.
"""

from typing import Any, NamedTuple

PARAGRAPH = "\n\n"
TEXTS = ("message", "reasoning")


class Unsaved(NamedTuple):
    """Values to store of a reply while it is being written, so that other processes can show it.

    `id` is that of the Response (UUID), `text` and `reasoning` are the whole texts so far,
    `first_token_at` is the datetime of the answer's first text (None: none yet). `items` is the
    JSON list of its items that `packed` returned, in which texts are only lengths; None if that has
    not changed, or if the reply is plain text.
    """

    id: Any
    text: str
    reasoning: str
    first_token_at: Any = None
    items: list | None = None


def packed(items, *, always=False):
    """Return the LiveTexts and LiveCalls `items` as JSON (list of dicts); None for a reply that is
    only text, perhaps after reasoning, unless `always` is True. `unpacked` is the reverse.

    A text is `{"type": "message", "characters": 120}`, with its `annotations` if it has any; the
    last one of its type has no `characters`, since the rest of the whole text is its own. The call
    of a tool is `{"type", "item", "is_closed"}`: `item` is its JSON, `is_closed` is False while
    more of it is to come.
    """
    kinds = [item.type for item in items]
    has_annotations = any(getattr(item, "annotations", None) for item in items)
    is_plain = kinds in ([], ["message"], ["reasoning"], ["reasoning", "message"])
    if is_plain and not has_annotations and not always:
        return None
    found = []
    for at, item in enumerate(items):
        if item.type not in TEXTS:
            found.append({"type": item.type, "item": item.item, "is_closed": not item.is_live})
            continue
        entry = {"type": item.type}
        if item.type in kinds[at + 1 :]:
            entry["characters"] = len(item.text)
        if item.annotations:
            entry["annotations"] = item.annotations
        found.append(entry)
    return found


def unpacked(text, reasoning, stored):
    """Return the items of a reply that another process is writing, as `[(type, value)]`: the value
    is the text of a message or of reasoning, or the dict of keyword arguments of a LiveCall.

    `stored` is the JSON list of items from the database, as `packed` made it, in which texts are
    only lengths; `text` and `reasoning` are the whole texts of the reply, which are cut by these
    lengths. If `stored` is None the reply consists of these two texts.
    """
    left = {"message": text, "reasoning": reasoning}
    if stored is None:
        stored = [{"type": kind} for kind in ("reasoning", "message") if left[kind]]
    found = []
    for entry in stored:
        kind = entry["type"]
        if kind not in TEXTS:
            found.append((kind, {"item": entry["item"], "is_closed": entry["is_closed"]}))
            continue
        size = entry.get("characters", len(left[kind]))
        found.append((kind, left[kind][:size]))
        left[kind] = left[kind][size + len(PARAGRAPH) :]
    return found


def as_items(text, reasoning, stored):
    """Return the items of a reply that another process is writing as a list of dicts of the
    Responses API; None if `stored` is None. `stored` is the JSON list of items from the database,
    as `packed` made it, in which texts are only lengths; the texts are cut from the whole `text`
    and `reasoning`."""
    if stored is None:
        return None
    items = []
    for entry, (kind, value) in zip(stored, unpacked(text, reasoning, stored), strict=True):
        if kind == "reasoning":
            items.append({"type": kind, "summary": [{"type": "summary_text", "text": value}]})
        elif kind == "message":
            part = {"type": "output_text", "text": value}
            part["annotations"] = entry.get("annotations", [])
            items.append({"type": kind, "role": "assistant", "content": [part]})
        else:
            items.append(value["item"])
    return items
