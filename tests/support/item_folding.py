"""Items of a reply, reconstructed from the decoder's events."""

from conversations.upstream import (
    Annotated,
    Decoder,
    ItemChanged,
    ItemClosed,
    ItemOpened,
    Reasoning,
    Replaced,
    Text,
)


def items_of(events):
    """Return a list of the items that the decoder's `events` describe, in the order of the output:
    `(type, text, annotations)` for a message or reasoning item, the JSON (a dict) for any other."""
    order, items, texts, notes = [], {}, {}, {}
    for event in events:
        match event:
            case ItemOpened(index, item, before):
                order.insert(len(order) if before is None else order.index(before), index)
                items[index] = item
            case ItemChanged(index, changes):
                items[index] = {**items[index], **changes}
            case ItemClosed(index, item):
                items[index] = item
                parts = item.get("content") or []
                found = [note for part in parts for note in part.get("annotations", [])]
                notes[index] = found or notes.get(index, [])
            case Annotated(index, annotation):
                notes.setdefault(index, []).append(annotation)
            case Text(text, index) | Reasoning(text, index) if index is not None:
                texts[index] = texts.get(index, "") + text
            case Replaced(text, index):
                texts[index] = text
    found = []
    for index in order:
        kind = items[index]["type"]
        if kind in ("message", "reasoning"):
            found.append((kind, texts.get(index, ""), notes.get(index, [])))
        else:
            found.append(items[index])
    return found


def decoded_items(body, cuts=()):
    """Decode `body` (bytes or text), a complete event stream, in pieces that end at the byte
    offsets `cuts`. Return `(items, last event)`, the items as `items_of` returns them."""
    body = body.encode() if isinstance(body, str) else body
    decoder, events, start = Decoder(), [], 0
    for end in [*sorted(cuts), len(body)]:
        events += decoder.feed(body[start:end])
        start = end
    events += decoder.finish()
    return items_of(events), events[-1]
