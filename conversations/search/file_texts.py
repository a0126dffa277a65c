"""Texts of files for the full-text search index: the name of a file and the beginning of its
extracted text."""

from conversations.models import Attachment

# Characters of the text that are indexed, of one file and of all files of a message together: some
# 40 pages, and twice as many. A message is stored only once they are.
FILE = 100_000
MESSAGE = 200_000

# SQL for the text that was indexed of a row `file` of Attachments. SQLite needs it to take an entry
# out of the index, so it must be what `noted` returned.
INDEXED = "file.name || ' ' || substr(file.text, 1, file.indexed)"


def noted(owner_id, message, attachments):
    """Return rows for `index.entries_of`, tuples with the id of the file as sixth value, for
    `attachments`, all Attachments of the Message `message` in their order. Note in their database
    rows how many characters of each text are indexed: at most FILE of each and MESSAGE together.

    `owner_id` is the id of the conversation's owner.
    """
    rows, left = [], MESSAGE
    for attachment in attachments:
        portion = min(len(attachment.text), FILE, left)
        left -= portion
        if attachment.indexed != portion:
            attachment.indexed = portion
            Attachment.with_hidden.filter(pk=attachment.pk).update(indexed=portion)
        text = f"{attachment.name} {attachment.text[:portion]}"
        ids = (owner_id, message.conversation_id, message.pk)
        rows.append((*ids, message.created_at, text, attachment.pk))
    return rows
