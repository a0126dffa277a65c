import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from conversations.search.index import database


def create(apps, schema_editor):
    # Empty: the newest migration that changes the index fills it.
    for statement in database().CREATE:
        schema_editor.execute(statement)


def drop(apps, schema_editor):
    for statement in database().DROP:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("conversations", "0005_keeping")]

    operations = [
        migrations.CreateModel(
            name="SearchEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("owner_id", models.BigIntegerField()),
                ("part", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "conversation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="search_entries",
                        to="conversations.conversation",
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="search_entries",
                        to="conversations.message",
                    ),
                ),
            ],
            options={"verbose_name": "search entry", "verbose_name_plural": "search entries"},
        ),
        migrations.RunPython(create, drop),
    ]
