"""Retention rules, temporary conversations, legal holds, erasures; the free text of the access log
stands beside it."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("conversations", "0028_person_manager"),
    ]

    operations = [
        migrations.CreateModel(
            name="AccessWords",
            fields=[
                ("number", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ("salt", models.CharField(blank=True, max_length=32)),
                ("words", models.JSONField(default=dict)),
                ("erased_by", models.PositiveBigIntegerField(null=True)),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Erasure",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("person_id", models.BigIntegerField(db_index=True, verbose_name="person")),
                ("fingerprint", models.CharField(max_length=64)),
                ("pseudonym", models.CharField(max_length=40, verbose_name="pseudonym")),
                (
                    "phase",
                    models.CharField(
                        choices=[
                            ("conversations", "conversations"),
                            ("ledger", "ledger"),
                            ("account", "account"),
                            ("index", "search index"),
                            ("pages", "database file"),
                            ("done", "done"),
                        ],
                        default="conversations",
                        max_length=20,
                        verbose_name="phase",
                    ),
                ),
                ("counts", models.JSONField(default=dict, verbose_name="counts")),
                ("row", models.PositiveBigIntegerField(null=True)),
                ("asked_by", models.BigIntegerField(null=True, verbose_name="ordered by")),
                (
                    "asked_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="ordered"),
                ),
                ("finished_at", models.DateTimeField(null=True, verbose_name="finished")),
            ],
            options={
                "verbose_name": "erasure",
                "verbose_name_plural": "erasures",
                "ordering": ["-asked_at"],
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("person_id", models.BigIntegerField(blank=True, null=True, verbose_name="person")),
                (
                    "conversation_id",
                    models.UUIDField(blank=True, null=True, verbose_name="conversation"),
                ),
                ("reason", models.TextField(max_length=2000, verbose_name="reason")),
                (
                    "placed_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="placed"),
                ),
                (
                    "placed_by",
                    models.BigIntegerField(blank=True, null=True, verbose_name="placed by"),
                ),
                (
                    "released_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="released"),
                ),
                (
                    "released_by",
                    models.BigIntegerField(blank=True, null=True, verbose_name="released by"),
                ),
                (
                    "release_reason",
                    models.TextField(
                        blank=True, max_length=2000, verbose_name="reason of the release"
                    ),
                ),
            ],
            options={
                "verbose_name": "legal hold",
                "verbose_name_plural": "legal holds",
                "ordering": ["-placed_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="RetentionRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "temporary",
                    models.BooleanField(
                        default=False,
                        help_text="For temporary conversations only. Without such a rule they are kept a day.",
                        verbose_name="temporary conversations",
                    ),
                ),
                (
                    "days",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="Days after the last message. Empty: conversations are kept.",
                        null=True,
                        verbose_name="days",
                    ),
                ),
                (
                    "file_days",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="Days after the last message. Empty: as long as their conversation.",
                        null=True,
                        verbose_name="days for files",
                    ),
                ),
                (
                    "spare_pinned",
                    models.BooleanField(
                        default=False,
                        help_text="What a person has pinned is not deleted.",
                        verbose_name="keep pinned conversations",
                    ),
                ),
            ],
            options={
                "verbose_name": "retention rule",
                "verbose_name_plural": "retention rules",
                "ordering": ["temporary", "group__name"],
            },
        ),
        migrations.CreateModel(
            name="TemporaryPolicy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "policy",
                    models.CharField(
                        choices=[
                            ("allowed", "may be chosen"),
                            ("forbidden", "cannot be chosen"),
                            ("enforced", "all conversations are temporary"),
                        ],
                        max_length=10,
                        verbose_name="temporary conversations",
                    ),
                ),
            ],
            options={
                "verbose_name": "policy of temporary conversations",
                "verbose_name_plural": "policies of temporary conversations",
            },
        ),
        migrations.AddField(
            model_name="conversation",
            name="hidden_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="conversation",
            name="temporary",
            field=models.BooleanField(default=False, verbose_name="temporary"),
        ),
        # The column stays: rows of older versions have their explanations there.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameField("reviewaccess", "explanation", "chained_explanation"),
                migrations.AlterField(
                    "reviewaccess",
                    "chained_explanation",
                    models.TextField(blank=True, db_column="explanation"),
                ),
            ]
        ),
        migrations.AlterField(
            model_name="job",
            name="kind",
            field=models.CharField(
                choices=[
                    ("import", "Import"),
                    ("empty_trash", "Emptying the trash"),
                    ("erase", "Deleting for good"),
                    ("retention", "Applying the retention rules"),
                    ("erase_person", "Erasing a person"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="job",
            name="owner",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="jobs",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="reviewaccess",
            name="action",
            field=models.CharField(
                choices=[
                    ("searched", "searched"),
                    ("opened", "opened"),
                    ("reopened", "opened again"),
                    ("saw_input", "saw the input"),
                    ("saw_file", "saw a file"),
                    ("exported", "exported"),
                    ("flagged", "flagged"),
                    ("unflagged", "took the flag away"),
                    ("noted", "noted"),
                    ("reviewed", "marked as reviewed"),
                    ("limited", "reached the limit of readings"),
                    ("changed_scope", "changed a scope"),
                    ("changed_permission", "changed a permission"),
                    ("reset_factor", "reset the second factor"),
                    ("ended_sessions", "ended the sessions"),
                    ("applied_retention", "applied the retention rules"),
                    ("held", "placed a legal hold"),
                    ("released", "released a legal hold"),
                    ("ordered_erasure", "ordered the erasure of a person"),
                    ("erased", "erased a person"),
                    ("changed_setting", "changed a setting"),
                    ("exported_case", "exported for a case"),
                    ("finished_export", "finished the export of a case"),
                ],
                max_length=20,
                verbose_name="action",
            ),
        ),
        migrations.AddIndex(
            model_name="conversation",
            index=models.Index(
                condition=models.Q(("temporary", True)), fields=["updated_at"], name="temporary"
            ),
        ),
        migrations.AddIndex(
            model_name="conversation",
            index=models.Index(
                condition=models.Q(("hidden_at__isnull", False)),
                fields=["hidden_at"],
                name="hidden",
            ),
        ),
        migrations.AddConstraint(
            model_name="job",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "retention"), ("state__in", ["waiting", "running"])),
                fields=("kind",),
                name="one_open_retention_run",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasure",
            constraint=models.UniqueConstraint(
                condition=models.Q(("finished_at", None)),
                fields=("person_id",),
                name="one_open_erasure_per_person",
            ),
        ),
        migrations.AddIndex(
            model_name="hold",
            index=models.Index(
                condition=models.Q(("released_at", None)), fields=["person_id"], name="held_people"
            ),
        ),
        migrations.AddIndex(
            model_name="hold",
            index=models.Index(
                condition=models.Q(("released_at", None)),
                fields=["conversation_id"],
                name="held_conversations",
            ),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("conversation_id", None), ("person_id__isnull", False)),
                    models.Q(("conversation_id__isnull", False), ("person_id", None)),
                    _connector="OR",
                ),
                name="hold_on_person_or_conversation",
                violation_error_message="Name either a person or a conversation.",
            ),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True),
                name="hold_has_reason",
                violation_error_message="State the reason.",
            ),
        ),
        migrations.AddField(
            model_name="retentionrule",
            name="group",
            field=models.ForeignKey(
                blank=True,
                help_text="Empty: everyone to whom no rule of a group applies.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="retention_rules",
                to="auth.group",
                verbose_name="group",
            ),
        ),
        migrations.AddField(
            model_name="temporarypolicy",
            name="group",
            field=models.OneToOneField(
                blank=True,
                help_text="Empty: everyone to whom no policy of a group applies.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="temporary_policy",
                to="auth.group",
                verbose_name="group",
            ),
        ),
        migrations.AddConstraint(
            model_name="retentionrule",
            constraint=models.UniqueConstraint(
                fields=("group", "temporary"),
                name="one_retention_rule_per_group",
                violation_error_message="There is such a rule for this group already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="retentionrule",
            constraint=models.UniqueConstraint(
                condition=models.Q(("group", None)),
                fields=("temporary",),
                name="one_retention_rule_for_everyone",
                violation_error_message="There is such a rule for everyone already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="retentionrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("days__isnull", False), ("file_days__isnull", False), _connector="OR"
                ),
                name="retention_rule_has_days",
                violation_error_message="Enter a number of days.",
            ),
        ),
        migrations.AddConstraint(
            model_name="temporarypolicy",
            constraint=models.UniqueConstraint(
                models.Value(1),
                condition=models.Q(("group", None)),
                name="one_temporary_policy_for_everyone",
                violation_error_message="There is a policy for everyone already.",
            ),
        ),
    ]
