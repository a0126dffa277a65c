"""Deletion of many conversations and messages by few SQL statements.

Django's own deletion runs about twenty statements for each conversation, and spends nearly all of
its time on compiling them. This module runs as many for hundreds of rows. Rows of other models that
refer to the deleted ones are deleted by Django, with its signals, but only where there are any.
Database triggers are fired as always.
"""

from django.db import connection, models

from conversations.database.statements import among, as_stored, change, rows
from conversations.database.triggers import TEXTS
from conversations.models import Conversation, Message, Response, SearchEntry
from conversations.search import index


def delete(conversation_ids, message_ids):
    """Delete the Messages with the UUIDs `message_ids`, all messages below them, the Conversations
    with the UUIDs `conversation_ids`, which must have no other messages, and rows of other models
    that refer to any of these. Responses stay, without their texts.

    Call it in a transaction. Raise IntegrityError if a conversation is under a legal hold.
    """
    messages = _with_replies([as_stored(pk) for pk in message_ids])
    conversations = [as_stored(pk) for pk in conversation_ids]
    index.forget(messages, conversations)
    _detach_responses("conversation_id", conversations)
    _detach_responses("message_id", messages)
    _delete(Message, messages)
    _delete(Conversation, conversations)


def _with_replies(ids):
    """Return a list of `ids` (a list of message ids in the form that the database driver takes, see
    `as_stored`) and the ids of all messages below these in the tree, in the same form."""
    found, level = dict.fromkeys(ids), ids
    while level:
        children = _where(level, "SELECT id FROM conversations_message WHERE parent_id", rows)
        level = [pk for pk in (as_stored(child) for (child,) in children) if pk not in found]
        found.update(dict.fromkeys(level))
    return list(found)


def _detach_responses(column, ids):
    """Empty the texts of the Responses whose `column` ("conversation_id" or "message_id") is one of
    `ids`, and set the columns that refer to deleted rows to NULL. A database trigger would empty
    the texts as well, but by writing each row again."""
    if ids:
        empty = {**TEXTS, "message_id": "NULL"}
        if column == "conversation_id":
            empty["conversation_id"] = "NULL"
        values = ", ".join(f"{name} = {value}" for name, value in empty.items())
        table = Response._meta.db_table
        _where(ids, f"UPDATE {table} SET {values} WHERE {column}", change)  # noqa: S608


def _delete(model, ids):
    """Delete the rows of `model` (a model class) with the ids `ids`, after the rows that refer to
    them were deleted or detached, as `on_delete` of each foreign key says."""
    if not ids:
        return
    for relation in references(model):
        # Messages and responses are done by now, entries of the search index too.
        if relation.related_model not in (Message, Response, SearchEntry):
            _unlink(relation, ids)
    _where(ids, f"DELETE FROM {model._meta.db_table} WHERE id", change)  # noqa: S608


def references(model):
    """Return a list of the reverse relations of all foreign keys that refer to `model` (a model
    class), also of those without a reverse name, such as `Conversation.active`, which
    `_meta.related_objects` leaves out. Used to find the rows to delete or detach."""
    fields = model._meta.get_fields(include_hidden=True)
    return [field for field in fields if field.auto_created and not field.concrete]


def _unlink(relation, ids):
    """Delete the rows of another model that refer to one of `ids` by `relation` (one of
    `references`), or set their reference to NULL, as its `on_delete` says."""
    model, column = relation.related_model, connection.ops.quote_name(relation.field.column)
    table, key = model._meta.db_table, connection.ops.quote_name(model._meta.pk.column)
    if relation.on_delete is models.SET_NULL:
        _where(ids, f"UPDATE {table} SET {column} = NULL WHERE {column}", change)  # noqa: S608
        return
    found = _where(ids, f"SELECT {key} FROM {table} WHERE {column}", rows)  # noqa: S608
    if found:
        model._base_manager.filter(pk__in=[pk for (pk,) in found]).delete()


def _where(ids, statement, run):
    """Run the SQL `statement`, which ends with the name of a column, restricted to rows where this
    column is one of `ids`; return the result of `run`, the function that executes it: `rows` or
    `change` of `conversations.database.statements`."""
    return run(f"{statement} {among(ids)}", *ids)
