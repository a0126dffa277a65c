"""Reader of ChatGPT's export: `conversations.json`, where each conversation is a tree of nodes.

A node has a message, or none; `parent` and `children` name other nodes. `chatgpt_content` reads the
text of a message, `chatgpt_citation_marks` turns its citation marks into links. Pure.
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
    """Return True if the parsed JSON `found` looks like one conversation of ChatGPT's export;
    whether `read` can read it is not checked."""
    return isinstance(found, dict) and isinstance(found.get("mapping"), dict)


def read(found):
    """Return the ImportedConversation for `found`, one conversation of ChatGPT's export as parsed
    JSON. Raises ValueError if a node of its tree is not an object.

    Messages of tools, thoughts and hidden messages are left out: the parent of a message is the
    nearest one above it that is kept. `missing` of the result has the texts of questions whose
    answers are all in a form unknown here.
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
    tried, answered = set(), set()  # turns followed by something unreadable, or by an answer
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
        same = before and (before.role, before.text, before.files) == (
            *(said.role, said.text, said.files),
        )
        if same and said.role != "user":
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
            files=said.files,
            stands_in=said.stands_in,
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
    """Return `{node id: id of its parent}` for `nodes` (`{id: node}`): the node's own `parent` if
    that exists, else the node that lists it among its `children`."""
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
