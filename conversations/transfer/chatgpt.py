"""Reads ChatGPT's export: `conversations.json`, in which each conversation is a tree of nodes."""

from collections import Counter

from conversations.transfer.incoming import Incoming, Turn, as_text, as_time

ROLES = {"user": "user", "assistant": "assistant"}
# Kinds of content that are what was said; the others are thoughts, tools and their results.
SAID = {"text", "multimodal_text"}


def is_theirs(found):
    """Whether the parsed JSON `found` is one of their conversations."""
    return isinstance(found, dict) and isinstance(found.get("mapping"), dict)


def read(found):
    """The Incoming of one of their conversations. Raises ValueError where it is broken.

    What is not kept (tools, thoughts, hidden messages) is stepped over: what follows it hangs on
    what came before it.
    """
    nodes = found["mapping"]
    left_out = Counter()
    turns = []
    kept = {}  # node -> the nearest node above it, itself included, that is kept
    for name in _from_the_top(nodes):
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
        active=kept.get(as_text(found.get("current_node")), ""),
        turns=turns,
        left_out=left_out,
    )


def _from_the_top(nodes):
    """Names of the nodes, parents before their children, each once, whatever the links say."""
    children, roots = {}, []
    for name, node in nodes.items():
        if not isinstance(node, dict):
            raise ValueError("not a node")
        parent = node.get("parent")
        if isinstance(parent, str) and parent in nodes and parent != name:
            children.setdefault(parent, []).append(name)
        else:
            roots.append(name)
    found, waiting = [], roots[::-1]
    while waiting:
        name = waiting.pop()
        found.append(name)
        waiting += children.pop(name, [])[::-1]
    return found


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
    left_out["attachment"] += sum(isinstance(part, dict) for part in parts)
    text = "\n\n".join(as_text(part) for part in parts if isinstance(part, str) and part.strip())
    if not text.strip():
        return None
    return Turn(
        id=name,
        parent=above,
        role=ROLES[role],
        text=text,
        created_at=as_time(message.get("create_time")),
    )
