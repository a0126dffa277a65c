"""The access log has one head only, and what is deleted leaves no words in the ledger."""

from django.db import migrations, models

from conversations.database import triggers


def install(apps, schema_editor):
    # On SQLite the constraint made the head's table anew, without its triggers.
    triggers.install(schema_editor.connection)


def remove(apps, schema_editor):
    triggers.remove(schema_editor.connection, triggers.ERASURE)


def empty_texts(apps, schema_editor):
    """Of conversations that went with their person, before there was a trigger."""
    response = apps.get_model("conversations", "Response")
    orphans = response.objects.filter(conversation=None).exclude(
        request={}, partial="", partial_reasoning="", refusal="", error_message=""
    )
    orphans.update(request={}, partial="", partial_reasoning="", refusal="", error_message="")


class Migration(migrations.Migration):
    dependencies = [("conversations", "0016_search_symbols")]

    operations = [
        migrations.AddConstraint(
            model_name="accessloghead",
            constraint=models.CheckConstraint(
                condition=models.Q(("id", 1)), name="access_log_has_one_head"
            ),
        ),
        migrations.RunPython(empty_texts, migrations.RunPython.noop),
        migrations.RunPython(install, remove),
    ]
