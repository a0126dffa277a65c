"""Database triggers: rules that the database itself enforces, whatever program writes to it.

There are two sets. ACCESS_LOG keeps the access log append-only and lets the number of its last
entry grow only by one. ERASURE empties the texts of a Response whose conversation or message is
deleted, so that no way to delete leaves words behind; its token counts stay.

Migrations create them, and `install` repairs them after every `migrate`: on SQLite a change of a
table's columns makes the table anew, and the new one has no triggers.
"""

import re
from dataclasses import dataclass

from django.db import connections
from django.db.migrations.recorder import MigrationRecorder


@dataclass(frozen=True)
class Trigger:
    """Database trigger `name` on the table `table`, created by the SQL `statement`.

    On PostgreSQL `function` is the name of the function that it calls.
    """

    name: str
    table: str
    statement: str
    function: str = ""


_LOG = "conversations_reviewaccess"
_HEAD = "conversations_accessloghead"
_RESPONSE = "conversations_response"
_REFUSE = "BEGIN SELECT RAISE(ABORT, 'the access log is append-only'); END"

# Columns of a Response that hold words of a person, a model or a gateway, and what empty is.
TEXTS = {
    "request": "'{}'",
    "partial": "''",
    "partial_reasoning": "''",
    "partial_items": "NULL",
    "refusal": "''",
    "error_message": "''",
}
_IS_GONE = (
    "(NEW.conversation_id IS NULL OR (OLD.message_id IS NOT NULL AND NEW.message_id IS NULL))"
)


def _sqlite(name, table, event, condition="", action=_REFUSE):
    """Return a Trigger for SQLite; `event` is such as "BEFORE UPDATE", `action` its body."""
    when = f"WHEN {condition} " if condition else ""
    return Trigger(name, table, f"CREATE TRIGGER {name} {event} ON {table} {when}{action}")


def _postgresql(name, table, event, each, function, condition=""):
    """Return a Trigger for PostgreSQL; `each` is "ROW" or "STATEMENT", `function` from
    FUNCTIONS."""
    when = f"WHEN ({condition}) " if condition else ""
    statement = (
        f"CREATE TRIGGER {name} {event} ON {table}"
        f" FOR EACH {each} {when}EXECUTE FUNCTION {function}()"
    )
    return Trigger(name, table, statement, function)


ACCESS_LOG = {
    "sqlite": (
        _sqlite("access_log_no_update", _LOG, "BEFORE UPDATE"),
        _sqlite("access_log_no_delete", _LOG, "BEFORE DELETE"),
        # REPLACE deletes a row without asking the DELETE trigger.
        _sqlite(
            "access_log_no_replace",
            _LOG,
            "BEFORE INSERT",
            f"EXISTS (SELECT 1 FROM {_LOG} WHERE number = NEW.number)",  # noqa: S608
        ),
        _sqlite(
            "access_log_head_forward",
            _HEAD,
            "BEFORE UPDATE",
            "NEW.id <> OLD.id OR NEW.number <> OLD.number + 1",
        ),
        _sqlite("access_log_head_no_delete", _HEAD, "BEFORE DELETE"),
        _sqlite(
            "access_log_head_no_replace",
            _HEAD,
            "BEFORE INSERT",
            f"EXISTS (SELECT 1 FROM {_HEAD} WHERE number > 0)",  # noqa: S608
        ),
    ),
    "postgresql": (
        _postgresql(
            "access_log_no_change", _LOG, "BEFORE DELETE OR UPDATE", "ROW", "access_log_refuse"
        ),
        _postgresql(
            "access_log_no_truncate",
            _LOG,
            "BEFORE TRUNCATE",
            "STATEMENT",
            "access_log_refuse_truncate",
        ),
        _postgresql(
            "access_log_head_forward",
            _HEAD,
            "BEFORE UPDATE",
            "ROW",
            "access_log_refuse",
            "NEW.id <> OLD.id OR NEW.number <> OLD.number + 1",
        ),
        _postgresql(
            "access_log_head_no_delete", _HEAD, "BEFORE DELETE", "ROW", "access_log_refuse"
        ),
        _postgresql(
            "access_log_head_no_truncate",
            _HEAD,
            "BEFORE TRUNCATE",
            "STATEMENT",
            "access_log_refuse_truncate",
        ),
    ),
}

_HAS_TEXT = " OR ".join(f"NEW.{column} IS NOT {empty}" for column, empty in TEXTS.items())
_EMPTY = ", ".join(f"{column} = {empty}" for column, empty in TEXTS.items())
ERASURE = {
    "sqlite": (
        _sqlite(
            "response_without_text",
            _RESPONSE,
            "AFTER UPDATE",
            f"{_IS_GONE} AND ({_HAS_TEXT})",
            f"BEGIN UPDATE {_RESPONSE} SET {_EMPTY} WHERE id = NEW.id; END",  # noqa: S608
        ),
    ),
    "postgresql": (
        _postgresql(
            "response_without_text",
            _RESPONSE,
            "BEFORE UPDATE",
            "ROW",
            "response_empty_text",
            _IS_GONE,
        ),
    ),
}

# Bodies of the functions on PostgreSQL. TRUNCATE of an empty table changes nothing and may pass.
FUNCTIONS = {
    "access_log_refuse": "BEGIN RAISE EXCEPTION 'the access log is append-only'; END",
    "access_log_refuse_truncate": """
DECLARE filled boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I.%I)', TG_TABLE_SCHEMA, TG_TABLE_NAME)
        INTO filled;
    IF filled THEN RAISE EXCEPTION 'the access log is append-only'; END IF;
    RETURN NULL;
END""",
    "response_empty_text": "BEGIN "
    + " ".join(f"NEW.{column} := {empty};" for column, empty in TEXTS.items())
    + " RETURN NEW; END",
}


def missing(connection, triggers=ACCESS_LOG):
    """Return the names of those of `triggers` that the database of `connection` lacks, as a list.

    A trigger that is disabled, or has another condition or action than here, counts as missing.
    `triggers` is ACCESS_LOG or ERASURE.
    """
    found = _found(connection)
    return [
        trigger.name
        for trigger in triggers[connection.vendor]
        if found.get(trigger.name) != _wanted(connection, trigger)
    ]


def install(connection):
    """Create the triggers of ACCESS_LOG and ERASURE that the database of `connection` lacks.

    Those of ERASURE wait until the migrations that add the columns in them have been applied: it is
    called again after each `migrate`.
    """
    with connection.cursor() as cursor:
        described = connection.introspection.get_table_description(cursor, _RESPONSE)
    has_columns = set(TEXTS) <= {column.name for column in described}
    for triggers in (ACCESS_LOG, ERASURE) if has_columns else (ACCESS_LOG,):
        lacking = set(missing(connection, triggers))
        for trigger in triggers[connection.vendor]:
            if trigger.name in lacking:
                _create(connection, trigger)


def remove(connection, triggers):
    """Drop `triggers` (ACCESS_LOG or ERASURE) in the database of `connection`.

    Used by a migration that is reversed.
    """
    with connection.cursor() as cursor:
        for trigger in triggers[connection.vendor]:
            _drop(connection, cursor, trigger)


def repair(using, **kwargs):
    """Call `install` for the database alias `using`; a receiver of the signal `post_migrate`.

    Does nothing unless the migration that first creates the triggers is applied.
    """
    connection = connections[using]
    applied = MigrationRecorder(connection).applied_migrations()
    if ("conversations", "0017_guards_in_the_database") in applied:
        install(connection)


def _create(connection, trigger):
    """Create `trigger` and the function it calls, in place of one of the same name."""
    with connection.cursor() as cursor:
        _drop(connection, cursor, trigger)
        if trigger.function:
            cursor.execute(
                f"CREATE OR REPLACE FUNCTION {trigger.function}() RETURNS trigger"
                f" LANGUAGE plpgsql AS $${FUNCTIONS[trigger.function]}$$"
            )
        cursor.execute(trigger.statement)


def _drop(connection, cursor, trigger):
    on_table = f" ON {trigger.table}" if connection.vendor == "postgresql" else ""
    cursor.execute(f"DROP TRIGGER IF EXISTS {trigger.name}{on_table}")


def _wanted(connection, trigger):
    """Return what `_found` has for `trigger` if it is as it should be."""
    function = FUNCTIONS.get(trigger.function, "")
    return trigger.table, True, _plain(trigger.statement), _plain(function)


def _found(connection):
    """Return the triggers that exist in the database of `connection`, as a dict by name.

    Each value is `(table, whether it is enabled, statement, body of its function)`, the last two as
    `_plain` returns them.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'")
            return {name: (table, True, _plain(sql), "") for name, table, sql in cursor.fetchall()}
        cursor.execute(
            "SELECT t.tgname, c.relname, t.tgenabled, pg_get_triggerdef(t.oid, true), p.prosrc"
            " FROM pg_trigger t"
            " JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid"
            " WHERE NOT t.tgisinternal AND pg_table_is_visible(c.oid)"
        )
        # Enabled are "O", where the session is no replica's, and "A", always.
        return {
            name: (table, enabled in ("O", "A", b"O", b"A"), _plain(statement), _plain(body))
            for name, table, enabled, statement, body in cursor.fetchall()
        }


def _plain(sql):
    """Return `sql` in lower case without white space, brackets and semicolons, for comparison.

    PostgreSQL returns statements with its own spelling of these.
    """
    return re.sub(r"[\s();]+", "", sql).casefold()
