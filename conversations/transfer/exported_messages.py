"""Reading of the messages of a conversation for its export, some at a time."""

from conversations.database.statements import among, as_stored, from_stored, rows
from conversations.database.text_sizes import size_in_bytes
from conversations.models import Message

# Read by one query: so many messages, or bytes. A message may have two million characters.
BATCH = 200
BATCH_BYTES = 4_000_000
# Made of the text, and often several times as long.
_NOT_EXPORTED = ("html", "reasoning_html")
_SIZES = "SELECT id, {size} FROM conversations_message WHERE id {among}"


def messages_in_batches(ids):
    """Yield the Messages with these `ids`, a list, in their order, each with its Response, without
    their HTML. Those that were deleted meanwhile are left out."""
    messages = Message.objects.select_related("response").defer(*_NOT_EXPORTED)
    for start in range(0, len(ids), BATCH):
        for batch in _by_size(ids[start : start + BATCH]):
            found = messages.in_bulk(batch)
            yield from (found.pop(pk) for pk in batch if pk in found)


def _by_size(ids):
    """Split `ids`, a list of ids of messages, by the size of the messages: yield lists of ids, in
    their order, of messages with at most BATCH_BYTES together, or of one larger message."""
    size = size_in_bytes("text", "reasoning", "items")
    found = rows(_SIZES.format(size=size, among=among(ids)), *map(as_stored, ids))
    sizes = {from_stored(pk): size for pk, size in found}
    batch, left = [], BATCH_BYTES
    for pk in ids:
        left -= sizes.get(pk, 0)
        if left < 0 and batch:
            yield batch
            batch, left = [], BATCH_BYTES - sizes.get(pk, 0)
        batch.append(pk)
    yield batch
