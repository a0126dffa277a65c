"""Migration operation that adds a column to a large table at once, on SQLite too."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


class AddColumn(migrations.AddField):
    """Migration operation, a subclass of Django's AddField, for a column that may be null or has a
    constant as its `db_default`.

    On SQLite Django copies the whole table to add a column that may not be null, which takes
    minutes for ten million rows; this operation changes the table in place, which takes no time.
    """

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        """Add the column; the parameters are those of Django's Operation.database_forwards."""
        if schema_editor.connection.vendor != "sqlite":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            column = model._meta.get_field(self.name)
            BaseDatabaseSchemaEditor.add_field(schema_editor, model, column)
