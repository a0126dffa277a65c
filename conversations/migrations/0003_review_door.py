"""The database itself keeps the access log append-only, and there is a group of reviewers."""

from django.db import migrations

# REPLACE deletes a row without asking the DELETE trigger, so inserting over a row is refused too.
SQLITE = """
CREATE TRIGGER access_log_no_update BEFORE UPDATE ON conversations_reviewaccess
BEGIN SELECT RAISE(ABORT, 'the access log is append-only'); END;
CREATE TRIGGER access_log_no_delete BEFORE DELETE ON conversations_reviewaccess
BEGIN SELECT RAISE(ABORT, 'the access log is append-only'); END;
CREATE TRIGGER access_log_no_replace BEFORE INSERT ON conversations_reviewaccess
WHEN EXISTS (SELECT 1 FROM conversations_reviewaccess WHERE number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'the access log is append-only'); END;
CREATE TRIGGER access_log_head_forward BEFORE UPDATE ON conversations_accessloghead
WHEN NEW.id <> OLD.id OR NEW.number <> OLD.number + 1
BEGIN SELECT RAISE(ABORT, 'the access log is append-only'); END;
CREATE TRIGGER access_log_head_no_delete BEFORE DELETE ON conversations_accessloghead
BEGIN SELECT RAISE(ABORT, 'the access log is append-only'); END;
CREATE TRIGGER access_log_head_no_replace BEFORE INSERT ON conversations_accessloghead
WHEN EXISTS (SELECT 1 FROM conversations_accessloghead WHERE number > 0)
BEGIN SELECT RAISE(ABORT, 'the access log is append-only'); END;
"""

# TRUNCATE of an empty table changes nothing and may pass.
POSTGRESQL = """
CREATE FUNCTION access_log_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the access log is append-only'; END $$;
CREATE FUNCTION access_log_refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE filled boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I.%I)', TG_TABLE_SCHEMA, TG_TABLE_NAME)
        INTO filled;
    IF filled THEN RAISE EXCEPTION 'the access log is append-only'; END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER access_log_no_change BEFORE UPDATE OR DELETE ON conversations_reviewaccess
    FOR EACH ROW EXECUTE FUNCTION access_log_refuse();
CREATE TRIGGER access_log_no_truncate BEFORE TRUNCATE ON conversations_reviewaccess
    FOR EACH STATEMENT EXECUTE FUNCTION access_log_refuse_truncate();
CREATE TRIGGER access_log_head_forward BEFORE UPDATE ON conversations_accessloghead
    FOR EACH ROW WHEN (NEW.id <> OLD.id OR NEW.number <> OLD.number + 1)
    EXECUTE FUNCTION access_log_refuse();
CREATE TRIGGER access_log_head_no_delete BEFORE DELETE ON conversations_accessloghead
    FOR EACH ROW EXECUTE FUNCTION access_log_refuse();
CREATE TRIGGER access_log_head_no_truncate BEFORE TRUNCATE ON conversations_accessloghead
    FOR EACH STATEMENT EXECUTE FUNCTION access_log_refuse_truncate();
"""


def refuse_changes(apps, schema_editor):
    on_sqlite = schema_editor.connection.vendor == "sqlite"
    for statement in SQLITE.split("END;\n") if on_sqlite else [POSTGRESQL]:
        if statement.strip():
            schema_editor.execute(f"{statement}END;" if on_sqlite else statement, params=None)


def allow_changes(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for name in ("no_update", "no_delete", "no_replace"):
            schema_editor.execute(f"DROP TRIGGER access_log_{name}")
        for name in ("forward", "no_delete", "no_replace"):
            schema_editor.execute(f"DROP TRIGGER access_log_head_{name}")
    else:
        schema_editor.execute("DROP FUNCTION access_log_refuse() CASCADE")
        schema_editor.execute("DROP FUNCTION access_log_refuse_truncate() CASCADE")


def make_reviewers(apps, schema_editor):
    # Django makes permissions only after all migrations; this one is needed now.
    content_type, _made = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="conversations", model="conversation"
    )
    permission, _made = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=content_type,
        codename="review_conversation",
        defaults={"name": "Can review the conversations of others"},
    )
    group, made = apps.get_model("auth", "Group").objects.get_or_create(name="Reviewers")
    if made:
        group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0002_review"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.RunPython(refuse_changes, allow_changes),
        migrations.RunPython(make_reviewers, migrations.RunPython.noop),
    ]
