from django.db import migrations

from conversations.search.index import rebuild


def make_anew(apps, schema_editor):
    """Words have other forms now (symbols, points of Hebrew, vowels of Arabic), and entries stand in
    the order of their times: FTS5 takes words out by naming them, so the old ones must go at once.
    """
    rebuild()


class Migration(migrations.Migration):
    dependencies = [("conversations", "0015_thoughts")]

    operations = [migrations.RunPython(make_anew, migrations.RunPython.noop)]
