"""Cleaning of the items of messages in an import file: leaves out what may not be stored, such as
the ids of other people's files."""

from conversations.items import clean_all, is_cut, is_plain
from conversations.models import Message


def imported_items(items, role, files=None):
    """Return the items of an imported message of `role` ("user", "assistant") as a list of dicts,
    cleaned; None if they say no more than its text, or if they are too large, so that some of their
    text would be cut.

    Of a person's message only `message` and `mcp_approval_response` are kept, and each `message`
    gets the role of the imported message: else an import file could show one thing and have another
    sent to a model. `files` is `{id in the file: id of the Attachment}` of the files that were
    imported (None: none); other ids, which may be those of other people's files, are removed, and
    the names of these files stay.
    """
    kept = [_with_files(item, files or {}) for item in clean_all(items)]
    if role == Message.Role.USER:
        kept = [item for item in kept if item["type"] in ("message", "mcp_approval_response")]
    kept = [{**item, "role": role} if item["type"] == "message" else item for item in kept]
    return None if is_plain(kept) or is_cut(kept) else kept


def _with_files(item, files):
    """Return a copy of `item` (dict) in which ids of files are replaced by means of `files`, `{id
    in the import file: id of the Attachment}`, also in its content parts, their annotations, and in
    the outputs of a tool; ids that are not in `files` are removed."""
    kept = {name: value for name, value in item.items() if name != "file"}
    if isinstance(own := item.get("file"), str) and own in files:
        kept["file"] = files[own]
    for name in ("content", "outputs", "annotations"):
        if isinstance(parts := kept.get(name), list):
            kept[name] = [_with_files(p, files) if isinstance(p, dict) else p for p in parts]
    return kept
