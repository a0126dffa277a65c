"""Comparison of the final `output` of a response with the items that were streamed before it."""

from .output_item import OutputItem


def counterparts(output: list[dict], streamed: list[OutputItem]) -> list[OutputItem | None]:
    """Return a list with, for each item (JSON) of the final `output`, the OutputItem of `streamed`
    that it repeats, or None if it is new.

    Items are the same if type and id are. Some gateways give them other ids at the end, or none: of
    those without a match, the first of a type repeats the first of that type that was streamed, and
    so on. But if more calls of a tool are left in `output` than of those streamed, they are new.
    """
    left = [item for item in streamed if not item.is_apart]
    found: list[OutputItem | None] = []
    for item in output:
        same = (each for each in left if each.type == item.get("type"))
        item_id = item.get("id")
        match = next((each for each in same if item_id and each.place.item_id == item_id), None)
        if match is not None:
            left.remove(match)
        found.append(match)
    for kind in {each.type for each in left}:
        places = [
            at for at, item in enumerate(output) if item.get("type") == kind and not found[at]
        ]
        rest = [each for each in left if each.type == kind]
        if len(places) <= len(rest) or kind in ("message", "reasoning"):
            for at, each in zip(places, rest, strict=False):
                found[at] = each
    return found
