from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0012_search_by_owner"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="feedback",
            index=models.Index(fields=["value", "message"], name="feedback_by_value"),
        ),
        migrations.AddIndex(
            model_name="response",
            index=models.Index(
                condition=models.Q(("status__in", ["failed", "incomplete", "interrupted"])),
                fields=["status", "reason", "conversation"],
                name="troubles",
            ),
        ),
    ]
