"""JSON of a message that is complete, made to have the same text as was streamed and shown."""

from .gateway_text import repair
from .leading_thoughts import split_thoughts

# Most annotations of one message that are kept.
MOST_ANNOTATIONS = 1_000


def closed_message(item: dict, streamed: str, noted: list[dict]) -> dict:
    """Return the JSON of a message whose text is `streamed` without thoughts between tags.

    `item` is the message as the gateway sent it at its end, `streamed` the text that came in
    pieces, with citation marks and thoughts, `noted` the annotations that came in events. If `item`
    has the same text and no fewer annotations it is returned as it is; else a copy in which one
    `output_text` has the text and the longer list of annotations.
    """
    answer = split_thoughts(streamed).answer
    content = item.get("content")
    if isinstance(content, str):
        content = [{"type": "output_text", "text": content}]
    parts = (
        [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    )
    texts = [part for part in parts if part.get("type") in ("output_text", "text")]
    said = "".join(text for part in texts if isinstance(text := part.get("text"), str))
    annotations = [
        each
        for part in texts
        if isinstance(part.get("annotations"), list)
        for each in part["annotations"][:MOST_ANNOTATIONS]
    ]
    is_whole = repair(said) == answer and len(annotations) >= len(noted)
    if is_whole and isinstance(item.get("content"), list):
        return item
    annotations = max(annotations, noted, key=len)
    whole = {"type": "output_text", "text": answer, "annotations": annotations}
    others = [part for part in parts if part.get("type") not in ("output_text", "text")]
    return {**item, "content": [*([whole] if answer else []), *others]}
