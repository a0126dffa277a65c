from django.db import migrations, models

from conversations.database.add_column import AddColumn


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0033_administration_words"),
    ]

    operations = [
        AddColumn(
            model_name="response",
            name="tool_uses",
            field=models.BigIntegerField(null=True),
        ),
        AddColumn(
            model_name="usageday",
            name="tool_uses",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        AddColumn(
            model_name="usagerollup",
            name="tool_uses",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
    ]
