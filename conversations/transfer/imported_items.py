"""Cleaning of the items of messages in an import file: leaves out what may not be stored, such as
the ids of other people's files."""

from conversations.items import clean_all, is_cut, is_plain
from conversations.models import Message


def imported_items(items, role, files=None):
    """Return the items of an imported message of `role` ("user", "assistant"), cleaned; None if
    they say no more than its text, or if they are too large, so that some of their text would be
    cut.

    What a person's message may not hold is left out, and each `message` gets the role: else a file
    could show one thing and have another sent to a model. `files` is `{id in the file: id here}` of
    the files that came in (None: none); the ids of others, which may be those of other people's
    files, are left out, and their names stay.
    """
    kept = [_with_files(item, files or {}) for item in clean_all(items)]
    if role == Message.Role.USER:
        kept = [item for item in kept if item["type"] in ("message", "mcp_approval_response")]
    kept = [{**item, "role": role} if item["type"] == "message" else item for item in kept]
    return None if is_plain(kept) or is_cut(kept) else kept


def _with_files(item, files):
    """Return a copy of `item` in which the ids of files are replaced by `files`, `{id in the import
    file: id here}`, also in its content parts, their annotations, and in what a tool put out; other
    ids are left out."""
    kept = {name: value for name, value in item.items() if name != "file"}
    if isinstance(own := item.get("file"), str) and own in files:
        kept["file"] = files[own]
    for name in ("content", "outputs", "annotations"):
        if isinstance(parts := kept.get(name), list):
            kept[name] = [_with_files(p, files) if isinstance(p, dict) else p for p in parts]
    return kept
