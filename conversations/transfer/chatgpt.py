"""Reads ChatGPT's export: `conversations.json`, in which each conversation is a tree of nodes.

A node has a message, or none; `parent` and `children` name other nodes. What a message says is in
`chatgpt_content`, what its citation marks become in `citation_marks`. Pure.
"""

from collections import Counter

from conversations.transfer.chatgpt_citation_marks import find_sources
from conversations.transfer.chatgpt_content import read_message
from conversations.transfer.imported_conversation import (
    ImportedConversation,
    Turn,
    as_text,
    as_time,
    parents_first,
)


def is_theirs(found):
    """Whether the parsed JSON `found` is one of their conversations."""
    return isinstance(found, dict) and isinstance(found.get("mapping"), dict)


def read(found):
    """The ImportedConversation of `found`, one of their conversations as parsed JSON.

    Raises ValueError where it is broken.

    What is not kept (tools, thoughts, hidden messages) is stepped over: what follows it hangs on
    what came before it. A question below which there is something, but no answer that could be
    read, is in `missing`.
    """
    nodes = found["mapping"]
    if not all(isinstance(node, dict) for node in nodes.values()):
        raise ValueError("not a node")
    sources = {}
    for node in nodes.values():
        message = _message(node)
        sources.update(find_sources(message.get("metadata")))
    parents = _parents(nodes)
    left_out = Counter()
    turns = {}
    kept = {}  # node -> the nearest node above it, itself included, that is kept
    tried, answered = set(), set()  # turns below which something else, or an answer, stands
    for name in parents_first(parents):
        above = kept.get(parents[name], "")
        kept[name] = above
        message = _message(nodes[name])
        said = read_message(message, sources)
        before = turns.get(above)
        if said is None:
            if _role(message) in ("assistant", "tool"):
                tried.add(above)
            continue
        if before and (before.role, before.text) == (said.role, said.text) and said.role != "user":
            continue  # A report that its tool repeats in each of its states.
        left_out["attachment"] += said.attachments
        if said.role == "assistant":
            answered.add(above)
        turns[name] = Turn(
            id=name,
            parent=above,
            role=said.role,
            text=said.text,
            created_at=as_time(message.get("create_time")),
        )
        kept[name] = name
    return ImportedConversation(
        id=as_text(found.get("conversation_id") or found.get("id")),
        title=as_text(found.get("title")),
        model=as_text(found.get("default_model_slug")),
        created_at=as_time(found.get("create_time")),
        updated_at=as_time(found.get("update_time")),
        archived_at=as_time(found.get("update_time")) if found.get("is_archived") is True else None,
        active=kept.get(as_text(found.get("current_node")), ""),
        turns=list(turns.values()),
        missing=[
            turn.text
            for name, turn in turns.items()
            if turn.role == "user" and name in tried - answered
        ],
        left_out=left_out,
    )


def _message(node):
    message = node.get("message")
    return message if isinstance(message, dict) else {}


def _role(message):
    author = message.get("author")
    return author.get("role") if isinstance(author, dict) else None


def _parents(nodes):
    """`{node: its parent}`: as the node says, or else the one that has it among its children."""
    named = {}
    for name, node in nodes.items():
        children = node.get("children")
        for child in children if isinstance(children, list) else []:
            named.setdefault(as_text(child), name)
    parents = {}
    for name, node in nodes.items():
        parent = as_text(node.get("parent"))
        parents[name] = parent if parent in nodes else named.get(name, parent)
    return parents
