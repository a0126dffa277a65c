from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("conversations", "0004_usage")]

    operations = [
        migrations.RenameIndex(model_name="conversation", new_name="by_owner", old_name="sidebar"),
        migrations.AddField(
            model_name="conversation",
            name="archived_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="conversation",
            name="pinned_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="conversation",
            name="trashed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="conversation", name="unseen", field=models.BooleanField(default=False)
        ),
        migrations.AddIndex(
            model_name="conversation",
            index=models.Index(
                condition=models.Q(
                    ("archived_at", None), ("pinned_at", None), ("trashed_at", None)
                ),
                fields=["owner", "-updated_at", "-id"],
                name="sidebar",
            ),
        ),
        migrations.AddIndex(
            model_name="conversation",
            index=models.Index(
                condition=models.Q(("pinned_at__isnull", False)),
                fields=["owner", "-pinned_at"],
                name="pinned",
            ),
        ),
        migrations.AddIndex(
            model_name="conversation",
            index=models.Index(
                condition=models.Q(("archived_at__isnull", False)),
                fields=["owner", "-archived_at", "-id"],
                name="archived",
            ),
        ),
        migrations.AddIndex(
            model_name="conversation",
            index=models.Index(
                condition=models.Q(("trashed_at__isnull", False)),
                fields=["trashed_at"],
                name="trashed",
            ),
        ),
    ]
