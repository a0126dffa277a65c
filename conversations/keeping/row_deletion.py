"""Deletion of many conversations and messages by few SQL statements.

Django's own deletion runs about twenty statements for each conversation, and compiles each anew:
nearly all of its time. Here there are as many for hundreds of rows. Rows of other models that refer
to them are looked for, and only where there are some, deleted by Django, with its signals. Database
triggers are fired as always.
"""

from django.db import connection, models

from conversations.database.statements import among, as_stored, change, rows
from conversations.database.triggers import TEXTS
from conversations.models import Conversation, Message, Response, SearchEntry
from conversations.search import index


def delete(conversation_ids, message_ids):
    """Delete the Messages with the UUIDs `message_ids`, with all messages below them, and the
    Conversations `conversation_ids`, which have no other messages, with all that refers to them.

    Responses stay without their texts. Must be called in a transaction. Raises IntegrityError if a
    legal hold keeps one of them.
    """
    messages = _with_replies([as_stored(pk) for pk in message_ids])
    conversations = [as_stored(pk) for pk in conversation_ids]
    index.forget(messages, conversations)
    _detach_responses("conversation_id", conversations)
    _detach_responses("message_id", messages)
    _delete(Message, messages)
    _delete(Conversation, conversations)


def _with_replies(ids):
    """Return `ids` of messages, as the database holds them, with those of all messages below."""
    found, level = dict.fromkeys(ids), ids
    while level:
        children = _where(level, "SELECT id FROM conversations_message WHERE parent_id", rows)
        level = [pk for pk in (as_stored(child) for (child,) in children) if pk not in found]
        found.update(dict.fromkeys(level))
    return list(found)


def _detach_responses(column, ids):
    """Empty Responses, found by the ids in `column`, of their texts and of what is deleted. The
    database trigger would empty the texts as well, but by writing each row again."""
    if ids:
        empty = {**TEXTS, "message_id": "NULL"}
        if column == "conversation_id":
            empty["conversation_id"] = "NULL"
        values = ", ".join(f"{name} = {value}" for name, value in empty.items())
        table = Response._meta.db_table
        _where(ids, f"UPDATE {table} SET {values} WHERE {column}", change)  # noqa: S608


def _delete(model, ids):
    """Delete the rows of `model` with these ids, after what refers to them is deleted or detached,
    as the `on_delete` of the foreign key says."""
    if not ids:
        return
    for relation in model._meta.related_objects:
        # Messages and responses are done by now, entries of the search index too.
        if relation.related_model not in (Message, Response, SearchEntry):
            _unlink(relation, ids)
    _where(ids, f"DELETE FROM {model._meta.db_table} WHERE id", change)  # noqa: S608


def _unlink(relation, ids):
    """Delete, or detach, the rows of another model that refer to `ids` by `relation`."""
    model, column = relation.related_model, connection.ops.quote_name(relation.field.column)
    table, key = model._meta.db_table, connection.ops.quote_name(model._meta.pk.column)
    if relation.on_delete is models.SET_NULL:
        _where(ids, f"UPDATE {table} SET {column} = NULL WHERE {column}", change)  # noqa: S608
        return
    found = _where(ids, f"SELECT {key} FROM {table} WHERE {column}", rows)  # noqa: S608
    if found:
        model._base_manager.filter(pk__in=[pk for (pk,) in found]).delete()


def _where(ids, statement, run):
    """Return `run(statement, *ids)`, with the condition that the column at the end of `statement`
    has one of `ids`."""
    return run(f"{statement} {among(ids)}", *ids)
