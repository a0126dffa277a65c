"""Database of a benchmark: an empty, migrated one, in a process of its own."""

import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent


@contextmanager
def migrated_database(*, here):
    """Context manager: set Django up with a migrated database, in SQLite and deleted at the end or,
    if `here` is True, the one that the environment variable DATABASE_URL names, which stays."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
    os.environ.setdefault("SECRET_KEY", "for-measuring-only-0123456789-0123456789")
    os.environ.update(INSECURE_HTTP="true")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        if not here:
            os.environ["DATABASE_URL"] = f"sqlite:///{folder}/db.sqlite3"
        subprocess.run([sys.executable, ROOT / "manage.py", "migrate", "-v0"], check=True)
        import django

        django.setup()
        yield
