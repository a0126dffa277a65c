"""Prices by tier, for writing to the cache, for long inputs and for tools; charges; the cost that
the gateway names."""

from datetime import timedelta
from decimal import Decimal

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models
from django.db.models import F

from conversations.database import triggers
from conversations.database.add_column import AddColumn


def install_triggers(apps, schema_editor):
    # On SQLite the constraint made the ledger's table anew, without its triggers.
    triggers.install(schema_editor.connection)


def forget_failed_titles(apps, schema_editor):
    """A title that failed is no failed reply any more: take the titles out of the sums."""
    usage_day = apps.get_model("conversations", "UsageDay")
    usage_rollup = apps.get_model("conversations", "UsageRollup")
    failed = usage_day.objects.filter(purpose="title", failed__gt=0)
    for day, person_id, model, count in failed.values_list("day", "person_id", "model", "failed"):
        month = day.replace(day=1)
        week = day - timedelta(days=day.weekday())
        for grain, first, of_person, of_model, purpose in (
            (1, month, person_id, model, "title"),
            (2, day, person_id, "", ""),
            (3, week, person_id, "", ""),
            (4, month, person_id, "", ""),
            (5, day, 0, model, ""),
            (6, month, 0, model, ""),
        ):
            usage_rollup.objects.filter(
                grain=grain, day=first, person_id=of_person, model=of_model, purpose=purpose
            ).update(failed=F("failed") - count)
    failed.update(failed=0)


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0024_files"),
    ]

    operations = [
        migrations.CreateModel(
            name="Charge",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=50, verbose_name="tool")),
                ("quantity", models.BigIntegerField(verbose_name="quantity")),
                (
                    "unit_price",
                    models.DecimalField(
                        decimal_places=10, max_digits=20, null=True, verbose_name="price of one use"
                    ),
                ),
                (
                    "amount",
                    models.DecimalField(
                        decimal_places=8, max_digits=18, null=True, verbose_name="amount"
                    ),
                ),
                (
                    "basis",
                    models.CharField(
                        choices=[("reported", "reported"), ("counted", "counted")],
                        max_length=10,
                        verbose_name="basis",
                    ),
                ),
            ],
            options={
                "verbose_name": "charge",
                "verbose_name_plural": "charges",
            },
        ),
        migrations.CreateModel(
            name="ToolPrice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "valid_from",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="valid from"
                    ),
                ),
                (
                    "model",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="As with prices of models. Empty: all models.",
                        max_length=200,
                        verbose_name="model",
                    ),
                ),
                (
                    "tool",
                    models.CharField(
                        help_text="web_search (a search), code_interpreter (a container), file_search (a search), image_generation (a picture of which no tokens are reported), image_input_text_tokens, image_input_image_tokens, image_output_image_tokens (one token), or as the gateway calls it.",
                        max_length=50,
                        verbose_name="tool",
                    ),
                ),
                (
                    "per_use",
                    models.DecimalField(
                        decimal_places=10,
                        help_text="$10 for 1,000 searches is 0.01; $40 per million tokens is 0.00004.",
                        max_digits=20,
                        validators=[django.core.validators.MinValueValidator(Decimal("0"))],
                        verbose_name="price of one use",
                    ),
                ),
            ],
            options={
                "verbose_name": "price of a tool",
                "verbose_name_plural": "prices of tools",
                "ordering": ["tool", "model", "-valid_from"],
            },
        ),
        migrations.AlterModelOptions(
            name="price",
            options={
                "ordering": ["model", "tier", "-valid_from"],
                "verbose_name": "price",
                "verbose_name_plural": "prices",
            },
        ),
        migrations.RemoveConstraint(
            model_name="price",
            name="one_price_at_a_time",
        ),
        migrations.RemoveIndex(
            model_name="response",
            name="troubled_responses",
        ),
        migrations.RemoveIndex(
            model_name="response",
            name="refusals",
        ),
        migrations.RemoveIndex(
            model_name="response",
            name="troubles",
        ),
        migrations.AddField(
            model_name="price",
            name="cache_write",
            field=models.DecimalField(
                blank=True,
                decimal_places=6,
                help_text="Empty: calls with such tokens have no known cost.",
                max_digits=16,
                null=True,
                validators=[django.core.validators.MinValueValidator(Decimal("0"))],
                verbose_name="input written to the cache",
            ),
        ),
        migrations.AddField(
            model_name="price",
            name="cache_write_12h",
            field=models.DecimalField(
                blank=True,
                decimal_places=6,
                help_text="Or for the longest time that the gateway offers. Empty: calls with such tokens have no known cost.",
                max_digits=16,
                null=True,
                validators=[django.core.validators.MinValueValidator(Decimal("0"))],
                verbose_name="input written to the cache for 12 hours",
            ),
        ),
        migrations.AddField(
            model_name="price",
            name="long_cache_write",
            field=models.DecimalField(
                blank=True,
                decimal_places=6,
                help_text="Empty: calls with such tokens have no known cost.",
                max_digits=16,
                null=True,
                validators=[django.core.validators.MinValueValidator(Decimal("0"))],
                verbose_name="long input: input written to the cache",
            ),
        ),
        migrations.AddField(
            model_name="price",
            name="long_cache_write_12h",
            field=models.DecimalField(
                blank=True,
                decimal_places=6,
                help_text="Empty: calls with such tokens have no known cost.",
                max_digits=16,
                null=True,
                validators=[django.core.validators.MinValueValidator(Decimal("0"))],
                verbose_name="long input: input written to the cache for 12 hours",
            ),
        ),
        migrations.AddField(
            model_name="price",
            name="long_cached_input",
            field=models.DecimalField(
                blank=True,
                decimal_places=6,
                help_text="Empty: as much as other long input.",
                max_digits=16,
                null=True,
                validators=[django.core.validators.MinValueValidator(Decimal("0"))],
                verbose_name="long input: cached input",
            ),
        ),
        migrations.AddField(
            model_name="price",
            name="long_context_over",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="Tokens of input above which all tokens of a call have the rates below. Empty: there is no such limit.",
                null=True,
                verbose_name="long input: more than",
            ),
        ),
        migrations.AddField(
            model_name="price",
            name="long_input",
            field=models.DecimalField(
                blank=True,
                decimal_places=6,
                help_text="Empty: calls with such tokens have no known cost.",
                max_digits=16,
                null=True,
                validators=[django.core.validators.MinValueValidator(Decimal("0"))],
                verbose_name="long input: input",
            ),
        ),
        migrations.AddField(
            model_name="price",
            name="long_output",
            field=models.DecimalField(
                blank=True,
                decimal_places=6,
                help_text="Empty: calls with such tokens have no known cost.",
                max_digits=16,
                null=True,
                validators=[django.core.validators.MinValueValidator(Decimal("0"))],
                verbose_name="long input: output",
            ),
        ),
        migrations.AddField(
            model_name="price",
            name="tier",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="As answers name it: flex, priority, fast … Empty: the standard tier, also named auto or default.",
                max_length=50,
                verbose_name="service tier",
            ),
        ),
        AddColumn(
            model_name="response",
            name="cache_write_12h_tokens",
            field=models.BigIntegerField(null=True),
        ),
        AddColumn(
            model_name="response",
            name="cache_write_tokens",
            field=models.BigIntegerField(null=True),
        ),
        AddColumn(
            model_name="response",
            name="missing_prices",
            field=models.CharField(blank=True, db_default="", default="", max_length=200),
        ),
        AddColumn(
            model_name="response",
            name="price_cache_write",
            field=models.DecimalField(decimal_places=6, max_digits=16, null=True),
        ),
        AddColumn(
            model_name="response",
            name="price_cache_write_12h",
            field=models.DecimalField(decimal_places=6, max_digits=16, null=True),
        ),
        AddColumn(
            model_name="response",
            name="reported_cost",
            field=models.DecimalField(decimal_places=8, max_digits=18, null=True),
        ),
        AddColumn(
            model_name="response",
            name="reported_cost_source",
            field=models.CharField(
                blank=True,
                choices=[("usage", "usage"), ("header", "HTTP header")],
                db_default="",
                default="",
                max_length=10,
            ),
        ),
        AddColumn(
            model_name="response",
            name="service_tier",
            field=models.CharField(blank=True, db_default="", default="", max_length=50),
        ),
        AddColumn(
            model_name="response",
            name="tool_cost",
            field=models.DecimalField(decimal_places=8, max_digits=18, null=True),
        ),
        AddColumn(
            model_name="response",
            name="tool_usage",
            field=models.JSONField(null=True),
        ),
        AddColumn(
            model_name="usageday",
            name="cache_write_12h_tokens",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        AddColumn(
            model_name="usageday",
            name="cache_write_tokens",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        AddColumn(
            model_name="usageday",
            name="cost_reports",
            field=models.IntegerField(db_default=0, default=0),
        ),
        AddColumn(
            model_name="usageday",
            name="matched_cost_units",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        AddColumn(
            model_name="usageday",
            name="reported_cost_units",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        AddColumn(
            model_name="usageday",
            name="tool_cost_units",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        AddColumn(
            model_name="usageday",
            name="unmatched_cost_units",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        AddColumn(
            model_name="usagerollup",
            name="cache_write_12h_tokens",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        AddColumn(
            model_name="usagerollup",
            name="cache_write_tokens",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        AddColumn(
            model_name="usagerollup",
            name="cost_reports",
            field=models.IntegerField(db_default=0, default=0),
        ),
        AddColumn(
            model_name="usagerollup",
            name="matched_cost_units",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        AddColumn(
            model_name="usagerollup",
            name="reported_cost_units",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        AddColumn(
            model_name="usagerollup",
            name="tool_cost_units",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        AddColumn(
            model_name="usagerollup",
            name="unmatched_cost_units",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddIndex(
            model_name="response",
            index=models.Index(
                condition=models.Q(
                    ("purpose", "reply"), ("status__in", ["failed", "incomplete", "interrupted"])
                ),
                fields=["status", "reason", "conversation"],
                name="troubles",
            ),
        ),
        migrations.AddIndex(
            model_name="response",
            index=models.Index(
                condition=models.Q(
                    ("purpose", "reply"), ("status__in", ["failed", "incomplete", "interrupted"])
                ),
                fields=["conversation"],
                name="troubled_replies",
            ),
        ),
        migrations.AddIndex(
            model_name="response",
            index=models.Index(
                condition=models.Q(("purpose", "reply"), models.Q(("refusal", ""), _negated=True)),
                fields=["conversation"],
                name="refusals",
            ),
        ),
        migrations.AddIndex(
            model_name="response",
            index=models.Index(
                condition=models.Q(("missing_prices", ""), _negated=True),
                fields=["model", "created_at"],
                name="unpriced_calls",
            ),
        ),
        migrations.AddConstraint(
            model_name="price",
            constraint=models.UniqueConstraint(
                fields=("model", "tier", "valid_from"), name="one_price_at_a_time"
            ),
        ),
        migrations.AddConstraint(
            model_name="response",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("cache_write_tokens__isnull", True),
                        ("input_tokens__isnull", True),
                        ("cache_write_tokens__lte", models.F("input_tokens")),
                        _connector="OR",
                    ),
                    models.Q(
                        ("cache_write_12h_tokens__isnull", True),
                        ("cache_write_tokens__isnull", True),
                        ("cache_write_12h_tokens__lte", models.F("cache_write_tokens")),
                        _connector="OR",
                    ),
                    models.Q(
                        ("tool_cost__isnull", True),
                        ("cost__isnull", True),
                        ("tool_cost__lte", models.F("cost")),
                        _connector="OR",
                    ),
                    models.Q(
                        ("cache_write_tokens__isnull", True),
                        ("cache_write_tokens__gte", 0),
                        _connector="OR",
                    ),
                    models.Q(
                        ("cache_write_12h_tokens__isnull", True),
                        ("cache_write_12h_tokens__gte", 0),
                        _connector="OR",
                    ),
                    models.Q(("tool_cost__isnull", True), ("tool_cost__gte", 0), _connector="OR"),
                    models.Q(
                        ("reported_cost__isnull", True), ("reported_cost__gte", 0), _connector="OR"
                    ),
                ),
                name="cache_writes_and_charges_are_parts",
            ),
        ),
        migrations.AddField(
            model_name="charge",
            name="response",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="charges",
                to="conversations.response",
            ),
        ),
        migrations.AddConstraint(
            model_name="toolprice",
            constraint=models.UniqueConstraint(
                fields=("tool", "model", "valid_from"), name="one_tool_price_at_a_time"
            ),
        ),
        migrations.AddConstraint(
            model_name="toolprice",
            constraint=models.CheckConstraint(
                condition=models.Q(("per_use__gte", 0)), name="tool_prices_are_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="charge",
            constraint=models.UniqueConstraint(
                fields=("response", "kind"), name="one_charge_of_a_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="charge",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("quantity__gt", 0),
                    models.Q(("amount__isnull", True), ("amount__gte", 0), _connector="OR"),
                ),
                name="charges_are_not_negative",
            ),
        ),
        migrations.RunPython(install_triggers, migrations.RunPython.noop),
        migrations.RunPython(forget_failed_titles, migrations.RunPython.noop),
    ]
