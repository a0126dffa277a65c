from django.db import migrations


class Migration(migrations.Migration):
    """Words have other forms from here on (symbols, points of Hebrew, vowels of Arabic). The index
    was built anew here once; now the newest migration that changes it does that, for its code knows
    the newest columns only."""

    dependencies = [("conversations", "0015_thoughts")]

    operations = []
