"""`manage.py migrate` makes all that a database needs, also where several run at once."""

import os
import subprocess
import sys
from contextlib import contextmanager

import pytest
from django.db import connection

from tests.support.postgres import postgres
from tests.support.server import ROOT

pytestmark = pytest.mark.stress
ON_POSTGRES = connection.vendor == "postgresql"


@contextmanager
def empty_database(folder):
    """Yield the URL of a new database without tables, on the kind that the tests run on."""
    if ON_POSTGRES:
        with postgres() as url:
            yield url
    else:
        yield f"sqlite:///{folder}/chat.sqlite3"


def manage(url, *arguments):
    """Start `manage.py` on the database at `url`; return the process, whose output is one text."""
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.support.settings.bare",
            "DATABASE_URL": url,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_two_at_once_both_succeed_and_the_cache_can_be_used(tmp_path):
    with empty_database(tmp_path) as url:
        several = [manage(url, "migrate", "--verbosity", "0") for _ in range(2)]
        said = [process.communicate(timeout=240)[0] for process in several]
        assert [process.returncode for process in several] == [0, 0], said

        use = "from django.core.cache import cache; cache.set('a', 'kept'); print(cache.get('a'))"
        asked = manage(url, "shell", "--no-imports", "--command", use)
        assert "kept" in asked.communicate(timeout=60)[0]
