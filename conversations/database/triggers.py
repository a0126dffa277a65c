"""Database triggers: rules that the database itself enforces, whatever program writes to it.

There are four sets. ACCESS_LOG keeps the access log append-only and lets the number of its last
entry grow only by one; WORDS lets the free text beside it only be emptied. ERASURE empties the
texts of a Response whose conversation or message is deleted, so that no way to delete leaves words
behind; its token counts stay. HOLD refuses to delete what is under a legal hold
(`conversations.models.Hold`).

Migrations create them, and `repair` creates missing ones after every `migrate`: on SQLite a change
of a table's columns replaces the table, and the new one has no triggers. The triggers of HOLD read
other tables, which SQLite refuses to replace while such triggers exist: `lift` drops these before.

Over 300 lines since each trigger stands here twice, for SQLite and for PostgreSQL, to be compared.
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
_HOLD = "conversations_hold"
_WORDS = "conversations_accesswords"
_REFUSE = "BEGIN SELECT RAISE(ABORT, 'the access log is append-only'); END"

# Columns of a Response that hold text of a person, a model or a gateway, and the SQL of their empty
# values.
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
    """Return the Trigger `name` on `table` for SQLite. `event` is such as "BEFORE UPDATE",
    `condition` the SQL of its WHEN ("": always), `action` its body; by default it refuses the
    change."""
    when = f"WHEN {condition} " if condition else ""
    return Trigger(name, table, f"CREATE TRIGGER {name} {event} ON {table} {when}{action}")


def _postgresql(name, table, event, each, function, condition=""):
    """Return the Trigger `name` on `table` for PostgreSQL. `event` is such as "BEFORE UPDATE",
    `each` "ROW" or "STATEMENT", `function` the name of one in FUNCTIONS, `condition` the SQL of its
    WHEN ("": always)."""
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
        # INSERT OR REPLACE deletes a row without firing the DELETE trigger.
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

# Free text beside the log may only be emptied, together with its salt.
_IS_NOT_EMPTIED = (
    "NEW.number <> OLD.number OR NEW.salt <> '' OR NEW.words {as_text} <> '{{}}'"
    " OR NEW.erased_by IS NULL"
)
WORDS = {
    "sqlite": (
        _sqlite(
            "access_words_only_emptied", _WORDS, "BEFORE UPDATE", _IS_NOT_EMPTIED.format(as_text="")
        ),
        _sqlite("access_words_no_delete", _WORDS, "BEFORE DELETE"),
    ),
    "postgresql": (
        _postgresql(
            "access_words_only_emptied",
            _WORDS,
            "BEFORE UPDATE",
            "ROW",
            "access_words_refuse_change",
        ),
        _postgresql("access_words_no_delete", _WORDS, "BEFORE DELETE", "ROW", "access_log_refuse"),
    ),
}

# By table, which rows of it a hold keeps, as a condition on OLD, a row that is to be deleted.
_ACTIVE = f"SELECT 1 FROM {_HOLD} WHERE released_at IS NULL AND"  # noqa: S608
_OWNER = "SELECT owner_id FROM conversations_conversation WHERE id = OLD.conversation_id"
_HELD = {
    "conversations_person": f"EXISTS ({_ACTIVE} person_id = OLD.id)",
    "conversations_conversation": (
        f"EXISTS ({_ACTIVE} conversation_id = OLD.id)"
        f" OR EXISTS ({_ACTIVE} person_id = OLD.owner_id)"
    ),
    "conversations_message": (
        f"EXISTS ({_ACTIVE} conversation_id = OLD.conversation_id)"
        f" OR EXISTS ({_ACTIVE} person_id = ({_OWNER}))"
    ),
    # Files that were not sent yet are no part of a conversation.
    "conversations_attachment": (
        f"OLD.message_id IS NOT NULL AND (EXISTS ({_ACTIVE} conversation_id = OLD.conversation_id)"
        f" OR EXISTS ({_ACTIVE} person_id = OLD.owner_id))"
    ),
}
_KEEPS = "a legal hold keeps this"
HOLD = {
    "sqlite": tuple(
        _sqlite(
            f"hold_on_{table.partition('_')[2]}",
            table,
            "BEFORE DELETE",
            condition,
            f"BEGIN SELECT RAISE(ABORT, '{_KEEPS}'); END",
        )
        for table, condition in _HELD.items()
    ),
    "postgresql": tuple(
        _postgresql(
            f"hold_on_{table.partition('_')[2]}",
            table,
            "BEFORE DELETE",
            "ROW",
            f"hold_refuse_{table.partition('_')[2]}",
        )
        for table in _HELD
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
    "access_words_refuse_change": (
        f"BEGIN IF {_IS_NOT_EMPTIED.format(as_text='::text')} THEN"
        " RAISE EXCEPTION 'the access log is append-only'; END IF; RETURN NEW; END"
    ),
    "response_empty_text": "BEGIN "
    + " ".join(f"NEW.{column} := {empty};" for column, empty in TEXTS.items())
    + " RETURN NEW; END",
    **{
        f"hold_refuse_{table.partition('_')[2]}": (
            f"BEGIN IF {condition} THEN"
            f" RAISE EXCEPTION '{_KEEPS}' USING ERRCODE = 'integrity_constraint_violation';"
            " END IF; RETURN OLD; END"
        )
        for table, condition in _HELD.items()
    },
}


def missing(connection, triggers=ACCESS_LOG):
    """Return the names of those of `triggers` that the database of `connection` lacks, as a list.

    A trigger that is disabled, or has another condition or action than here, counts as missing.
    `triggers` is ACCESS_LOG, WORDS, ERASURE or HOLD.
    """
    found = _found(connection)
    return [
        trigger.name
        for trigger in triggers[connection.vendor]
        if found.get(trigger.name) != _wanted(connection, trigger)
    ]


def install(connection, sets=(ACCESS_LOG, ERASURE)):
    """Create the triggers that the database of `connection` lacks. `sets` is a sequence of
    sets of triggers, one or more of ACCESS_LOG, WORDS, ERASURE and HOLD.

    ERASURE is skipped as long as a migration that adds one of the columns it names is not applied;
    `repair` calls this function again after each `migrate`.
    """
    with connection.cursor() as cursor:
        # Far cheaper than Django's introspection, which on SQLite parses the table's SQL.
        cursor.execute(f"SELECT * FROM {_RESPONSE} LIMIT 0")  # noqa: S608
        has_columns = set(TEXTS) <= {column[0] for column in cursor.description}
    for triggers in sets:
        if triggers is ERASURE and not has_columns:
            continue
        lacking = set(missing(connection, triggers))
        for trigger in triggers[connection.vendor]:
            if trigger.name in lacking:
                _create(connection, trigger)


def remove(connection, triggers):
    """Drop `triggers` (ACCESS_LOG, WORDS, ERASURE or HOLD) in the database of `connection`, if they
    exist; for a migration that is reversed, and for `lift`."""
    with connection.cursor() as cursor:
        for trigger in triggers[connection.vendor]:
            _drop(connection, cursor, trigger)


def repair(using, **kwargs):
    """Create missing triggers in the database with the alias `using`; a receiver of the signal
    `post_migrate`. A set is left out as long as the migration that first creates it is not applied.
    """
    connection = connections[using]
    applied = MigrationRecorder(connection).applied_migrations()
    if ("conversations", "0017_guards_in_the_database") in applied:
        install(connection)
    tables = connection.introspection.table_names()
    sets = [each for table, each in ((_HOLD, HOLD), (_WORDS, WORDS)) if table in tables]
    install(connection, sets)


def lift(using, plan=(), **kwargs):
    """Drop the triggers of HOLD in the SQLite database `using` if there are migrations to apply
    (the list `plan`); a receiver of the signal `pre_migrate`. `repair` creates them again
    afterwards."""
    connection = connections[using]
    if connection.vendor == "sqlite" and plan:
        if set(missing(connection, HOLD)) != {trigger.name for trigger in HOLD["sqlite"]}:
            remove(connection, HOLD)


def _create(connection, trigger):
    """Create `trigger` (a Trigger) and, on PostgreSQL, the function that it calls, in the database
    of `connection`; a trigger of the same name is replaced."""
    with connection.cursor() as cursor:
        _drop(connection, cursor, trigger)
        if trigger.function:
            cursor.execute(
                f"CREATE OR REPLACE FUNCTION {trigger.function}() RETURNS trigger"
                f" LANGUAGE plpgsql AS $${FUNCTIONS[trigger.function]}$$"
            )
        cursor.execute(trigger.statement)


def _drop(connection, cursor, trigger):
    """Drop `trigger` (a Trigger) in the database of `connection` if it exists."""
    on_table = f" ON {trigger.table}" if connection.vendor == "postgresql" else ""
    cursor.execute(f"DROP TRIGGER IF EXISTS {trigger.name}{on_table}")


def _wanted(connection, trigger):
    """Return `(table, True, statement, body of its function)` for `trigger` (a Trigger): what
    `_found` returns of it if the database of `connection` has it, enabled and unchanged."""
    function = FUNCTIONS.get(trigger.function, "")
    return trigger.table, True, _plain(trigger.statement), _plain(function)


def _found(connection):
    """Return the triggers that exist in the database of `connection`, as a dict by name. Each value
    is `(table, whether it is enabled, statement, body of its function)`; the last two are in lower
    case without white space and brackets, for comparison."""
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
        # tgenabled: "O" is enabled (in sessions that are not a replica's), "A" always enabled.
        return {
            name: (table, enabled in ("O", "A", b"O", b"A"), _plain(statement), _plain(body))
            for name, table, enabled, statement, body in cursor.fetchall()
        }


def _plain(sql):
    """Return `sql` in lower case without white space, brackets and semicolons, for comparison.

    PostgreSQL returns statements with its own spelling of these.
    """
    return re.sub(r"[\s();]+", "", sql).casefold()
