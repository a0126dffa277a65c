"""Database of a benchmark: migrated, in the process of the benchmark, which must not have set
Django up."""

import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent


@contextmanager
def migrated_database(*, here):
    """Context manager: set Django up with a migrated database: the one that the environment
    variable DATABASE_URL names if `here` is True, else a new one in SQLite, which is deleted at the
    end."""
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
