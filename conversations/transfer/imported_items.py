"""Filter for the items of messages in an import file: leaves what may be stored."""

from conversations.items import clean_all, is_cut, is_plain
from conversations.models import Message


def imported_items(items, role):
    """Return the items of an imported message of `role` ("user", "assistant"), cleaned; None where
    text is all they are, or where they are too large to hold all of the text.

    What a person's message may not hold is left out, and each `message` gets the role: else a file
    could show one thing and have another sent to a model. Files are left out with their ids, which
    may be those of other people's files; their names stay.
    """
    kept = [_without_files(item) for item in clean_all(items)]
    if role == Message.Role.USER:
        kept = [item for item in kept if item["type"] in ("message", "mcp_approval_response")]
    kept = [{**item, "role": role} if item["type"] == "message" else item for item in kept]
    return None if is_plain(kept) or is_cut(kept) else kept


def _without_files(item):
    """Return a copy of `item` without ids of files, also in its content parts."""
    kept = {name: value for name, value in item.items() if name != "file"}
    if isinstance(content := kept.get("content"), list):
        kept["content"] = [_without_files(p) if isinstance(p, dict) else p for p in content]
    return kept
