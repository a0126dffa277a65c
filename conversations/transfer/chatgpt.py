"""Reads ChatGPT's export: `conversations.json`, in which each conversation is a tree of nodes."""

import json
import re
from collections import Counter

from conversations.transfer.incoming import Incoming, Turn, as_text, as_time, parents_first

ROLES = {"user": "user", "assistant": "assistant"}
# Kinds of content that are what was said; the others are thoughts, tools and their results.
SAID = {"text", "multimodal_text"}
# What their page makes links and cards of, between private characters: kind, then details.
_MARK = re.compile("\ue200([a-z_]+)(?:\ue202([^\ue201]*))?\ue201")


def is_theirs(found):
    """Whether the parsed JSON `found` is one of their conversations."""
    return isinstance(found, dict) and isinstance(found.get("mapping"), dict)


def read(found):
    """The Incoming of one of their conversations. Raises ValueError where it is broken.

    What is not kept (tools, thoughts, hidden messages) is stepped over: what follows it hangs on
    what came before it.
    """
    nodes = found["mapping"]
    if not all(isinstance(node, dict) for node in nodes.values()):
        raise ValueError("not a node")
    left_out = Counter()
    turns = []
    kept = {}  # node -> the nearest node above it, itself included, that is kept
    for name in parents_first({name: as_text(nodes[name].get("parent")) for name in nodes}):
        above = kept.get(as_text(nodes[name].get("parent")), "")
        turn = _turn(name, above, nodes[name].get("message"), left_out)
        if turn is not None:
            turns.append(turn)
        kept[name] = name if turn is not None else above
    return Incoming(
        id=as_text(found.get("conversation_id") or found.get("id")),
        title=as_text(found.get("title")),
        model=as_text(found.get("default_model_slug")),
        created_at=as_time(found.get("create_time")),
        updated_at=as_time(found.get("update_time")),
        archived_at=as_time(found.get("update_time")) if found.get("is_archived") is True else None,
        active=kept.get(as_text(found.get("current_node")), ""),
        turns=turns,
        left_out=left_out,
    )


def _turn(name, above, message, left_out):
    """The Turn of a node, or None where it holds nothing that was said to or by the person."""
    if not isinstance(message, dict):
        return None
    author, content = message.get("author"), message.get("content")
    metadata = message.get("metadata")
    role = author.get("role") if isinstance(author, dict) else None
    if not isinstance(content, dict) or role == "system":
        return None
    if isinstance(metadata, dict) and metadata.get("is_visually_hidden_from_conversation"):
        return None
    if role not in ROLES or message.get("recipient", "all") != "all":
        left_out["tool"] += 1
        return None
    if content.get("content_type") not in SAID:
        left_out["thought"] += 1
        return None
    parts = content.get("parts")
    parts = parts if isinstance(parts, list) else []
    texts = [_text(part) for part in parts]
    left_out["attachment"] += sum(isinstance(part, dict) and not _text(part) for part in parts)
    text = "\n\n".join(text for text in texts if text.strip())
    if not text.strip():
        return None
    return Turn(
        id=name,
        parent=above,
        role=ROLES[role],
        text=text,
        created_at=as_time(message.get("create_time")),
    )


def _text(part):
    """What a part of a message says: itself, or what was heard of somebody speaking."""
    if isinstance(part, dict) and part.get("content_type") == "audio_transcription":
        part = part.get("text")
    return _MARK.sub(_shown, as_text(part))


def _shown(mark):
    """What of a mark is text: the name of a person or a place; nothing of sources and pictures."""
    kind, details = mark.groups()
    if kind != "entity":
        return ""
    try:
        _kind, name, *_rest = json.loads(details)
    except (ValueError, TypeError):
        return ""
    return as_text(name)
