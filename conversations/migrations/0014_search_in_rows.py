from django.db import migrations

from conversations.search import tsvector


def create(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(tsvector.IN_ROWS)
        # Each value made anew, that it is stored anew.
        schema_editor.execute(
            "ALTER TABLE conversations_searchentry"
            " ALTER COLUMN terms TYPE tsvector USING terms || ''::tsvector"
        )


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE conversations_searchentry RESET (toast_tuple_target)")


class Migration(migrations.Migration):
    dependencies = [("conversations", "0013_review_filters")]

    operations = [migrations.RunPython(create, drop)]
