"""References to files stored here that calls of tools made, in the JSON of these calls: `file` is
the file's id, never its bytes.

An item of a picture has `file` and, if it is shown, `width` and `height`; else `filename`. Where
the picture could not be kept `lost` is the code that says why. The same members stand in an entry
of a call's `outputs`. Gateways may not set them: what they send under these names is removed.
"""

from collections.abc import Mapping

from .fields import dicts_in
from .kind import Item

OURS = ("file", "lost", "width", "height")
# Types of the JSON in which the members OURS have a meaning (_MADE_BY). JSON without a type is that
# of changes to such an item, or of an annotation.
PICTURE_CALLS = ("image_generation_call", "openrouter:image_generation")
CODE_CALLS = ("code_interpreter_call", "openrouter:code_interpreter")
_MADE_BY = (*PICTURE_CALLS, *CODE_CALLS, "message", "", None)


def with_file(item: Item, output: int | None, members: Mapping[str, object]) -> Item:
    """Return `item`, the JSON of the call of a tool, with `members` added: to itself or, unless
    `output` is None, to the entry of its `outputs` with that index, if it has that."""
    if output is None:
        return {**item, **members}
    outputs = item.get("outputs")
    if not isinstance(outputs, list) or output >= len(outputs):
        return item
    entry = outputs[output]
    changed = [*outputs]
    changed[output] = {**(entry if isinstance(entry, dict) else {}), **members}
    return {**item, "outputs": changed}


def without_files(item: Item) -> Item:
    """Return `item`, JSON that a gateway sent (of an item, of changes to one or of an annotation),
    without the members that only this site may set (OURS). Returns `item` itself if they have no
    meaning in its type; from annotations in its content they are removed in place."""
    kind = item.get("type")
    if isinstance(kind, str) and kind not in _MADE_BY and not kind.endswith("_citation"):
        return item
    item = _without(item)
    outputs = item.get("outputs")
    if isinstance(outputs, list):
        item["outputs"] = [_without(each) if isinstance(each, dict) else each for each in outputs]
    for part in dicts_in(item, "content"):
        for annotation in dicts_in(part, "annotations"):
            for name in OURS:
                annotation.pop(name, None)
    return item


def _without(found: Item) -> Item:
    return {name: value for name, value in found.items() if name not in OURS}
