from django.db import migrations


def create(apps, schema_editor):
    # SQLite's index has the owner in it and goes by age itself.
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "CREATE INDEX conversations_searchowner ON conversations_searchentry (owner_id, id)"
        )


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX conversations_searchowner")


class Migration(migrations.Migration):
    dependencies = [("conversations", "0011_usage_month_by_model")]

    operations = [migrations.RunPython(create, drop)]
