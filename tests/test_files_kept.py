"""Files beside the database: compared with it, in its backup, and in a bucket."""

import io
import tarfile

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from conversations.files import intake, machine_folders, storage
from tests.support import sample_files as made

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def files(alice):
    """Two files of alice's, and none of earlier tests."""
    for name in list(storage.walk()):
        storage.delete(name)
    return [
        intake.take(alice, made.upload(content, name)).stored
        for content, name in ((b"some words", "a.txt"), (made.noise((400, 300)), "a.png"))
    ]


def check(*options):
    said = io.StringIO()
    try:
        call_command("check_files", *options, stdout=said)
    except CommandError as error:
        return f"{said.getvalue()}{error}"
    return said.getvalue()


def test_what_is_whole_is_called_so(files):
    assert check("--hashes") == "2 files, 0 missing or damaged, 0 stray\n"


def test_what_is_missing_damaged_or_stray_is_named(files):
    text, picture = files
    with open(storage.storage().path(text.name), "r+b") as file:
        file.write(b"SOME")
    storage.delete(picture.small_name)
    storage.write(f"ab/cd/{'ab' * 32}", b"stray")
    said = check("--hashes")
    assert f"damaged: {text.name}" in said
    assert f"missing: {picture.small_name}" in said
    assert f"stray: ab/cd/{'ab' * 32}" in said
    assert "2 files, 2 missing or damaged, 1 stray" in said
    assert "differ" in said
    # By lengths alone a changed content does not show.
    assert f"damaged: {text.name}" not in check("--remove-strays")
    assert not [name for name in storage.walk() if name.startswith("ab/cd/abab")]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="is about SQLite")
def test_a_backup_has_all_files(files, tmp_path):
    said = io.StringIO()
    call_command("backup", str(tmp_path / "copy.sqlite3"), stdout=said)
    tar = tmp_path / "copy.sqlite3.files.tar"
    assert tar.stat().st_mode & 0o777 == 0o600
    with tarfile.open(tar) as kept:
        names = {name for each in files for name in (each.name, each.small_name) if name}
        assert set(kept.getnames()) == names
        for name in names:
            assert kept.extractfile(name).read() == storage.read(name)
    assert "3 files" in said.getvalue()


def test_machines_with_folders_of_their_own_are_told(client, settings, tmp_path):
    settings.ON_SQLITE = False
    memory = "django.core.cache.backends.locmem.LocMemCache"
    settings.CACHES = {"default": {"BACKEND": memory, "LOCATION": "cache"}}

    def look(folder):
        """As a process on a machine with this folder does."""
        settings.FILES_FOLDER = tmp_path / folder
        machine_folders.look()
        return machine_folders.fault()

    assert look("one") == look("one") == ""
    assert client.get("/readyz").content == b"ok\n"
    assert "set FILES_URL to a place that all of them see" in look("two")
    assert b"Several machines keep files in folders of their own" in client.get("/readyz").content
    assert machine_folders.fault() in look("one")
    settings.FILES_FOLDER = None
    machine_folders._differ = False
