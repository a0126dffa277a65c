"""Test database of each process that runs tests: a copy of one that is migrated once in a run,
since all migrations together take longer than any test."""

import fcntl
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection


@pytest.fixture(scope="session")
def django_db_setup(worker_id, tmp_path_factory, django_test_environment, django_db_blocker):
    """Override pytest-django's fixture: create the test database, or copy that of the run, where
    pytest-xdist runs several processes; delete it at the end.

    On SQLite it is a file in pytest's folder of the run, so that nothing of an earlier run lies
    beside it and two runs at the same time have databases of their own.
    """
    creation, alone = connection.creation, worker_id == "master"
    folder = tmp_path_factory.getbasetemp()
    folder = folder if alone else folder.parent  # which the processes of a run have in common
    if connection.vendor == "sqlite":
        test = connection.settings_dict["TEST"]
        test["NAME"] = str(folder / Path(test["NAME"]).name)
    before = connection.settings_dict["NAME"]
    with django_db_blocker.unblock():
        if alone:
            create(creation)
        else:
            with locked(folder / "migrated") as made:
                if name := made.read():
                    connection.settings_dict["NAME"] = name
                else:
                    made.write(create(creation))
                creation.clone_test_db(worker_id, verbosity=0)
            connection.settings_dict.update(creation.get_test_db_clone_settings(worker_id))
    yield
    with django_db_blocker.unblock():
        creation.destroy_test_db(before, verbosity=0)


def create(creation):
    """Create and migrate the test database by `creation` (that of Django's connection); return its
    name. Close the connection: on SQLite everything is then in the database's file, and PostgreSQL
    copies only a database without connections."""
    name = creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    connection.close()
    return name


@contextmanager
def locked(path):
    """Context manager: hold an exclusive lock (flock) on the file at `path`; yield it, opened for
    reading and appending."""
    with open(path, "a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        yield file
