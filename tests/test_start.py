"""The server refuses to start where it is not safe, in one sentence, and warns where unwise."""

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from django.core import checks

from conversations.checks import START
from conversations.database.file_system import mount_of
from tests.support.server import ROOT, Server, free_port

SAMPLE = r"""
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
23 22 0:20 / /srv rw,relatime - nfs4 files:/srv rw,vers=4.2
24 23 254:1 / /srv/local rw,relatime - xfs /dev/vdb rw
25 22 0:21 / /mnt/with\040space ro,relatime - ext4 /dev/vdc ro
""".strip()


def start(environment, *command):
    """Run gunicorn until it gives up; what it printed. Raises TimeoutExpired where it serves."""
    server = Server(
        "", "/dev/null", DJANGO_SETTINGS_MODULE="tests.support.settings.bare", **environment
    )
    command = [*command, sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py"]
    return subprocess.run(
        [*command, *environment.get("arguments", ()), "chatsite.asgi:application"],
        cwd=ROOT,
        env=server.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_debug_on_an_address_for_others_is_refused(tmp_path):
    result = start({"DEBUG": "true", "GUNICORN_CMD_ARGS": f"-b 0.0.0.0:{free_port()}"})
    assert result.returncode != 0
    assert "DEBUG is on while the site is served on ['0.0.0.0']" in result.stderr


def test_debug_with_foreign_hosts_is_refused():
    result = start({"DEBUG": "true", "ALLOWED_HOSTS": "chat.example.org"})
    assert result.returncode != 0
    assert "DEBUG is on while ALLOWED_HOSTS names hosts other than this machine." in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("TRUSTED_PROXIES", "1", "TRUSTED_PROXIES says that a proxy lets others in"),
        ("CSRF_TRUSTED_ORIGINS", "https://chat.example.org", "CSRF_TRUSTED_ORIGINS names hosts"),
    ],
)
def test_debug_behind_a_proxy_is_refused(name, value, why):
    result = start({"DEBUG": "true", name: value})
    assert result.returncode != 0
    assert f"DEBUG is on while {why}" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("name", "value", "ids"),
    [
        ("SECRET_KEY", "k" * 40, {"conversations.W003"}),
        ("SECRET_KEY", "chatsite" * 5, {"conversations.W003"}),
        ("SECRET_KEY", "passwordpasswordpasswordpassword", {"conversations.W003"}),
        ("SECRET_KEY", "qMuxW0jT3nEZrF7yQb2ScAhGvLk9dPIo", set()),
        ("SECRET_KEY", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822c", set()),
        ("SECRET_KEY_FALLBACKS", ["k" * 40], {"conversations.W003"}),
        ("ALLOWED_HOSTS", ["*"], {"conversations.W002"}),
        ("ALLOWED_HOSTS", ["chat.example.org"], set()),
    ],
)
def test_what_is_easy_to_guess_or_open_to_all_is_warned_of(settings, name, value, ids):
    settings.OPENAI_BASE_URL = ""
    setattr(settings, name, value)
    assert {each.id for each in checks.run_checks(tags=[START])} == ids


@pytest.mark.parametrize(
    ("secure", "proxies", "ids"),
    [(True, 0, {"conversations.W004"}), (True, 1, set()), (False, 0, set())],
)
def test_a_proxy_that_is_not_trusted_is_warned_of(settings, secure, proxies, ids):
    settings.OPENAI_BASE_URL = ""
    settings.SECURE, settings.TRUSTED_PROXIES = secure, proxies
    assert {each.id for each in checks.run_checks(tags=[START])} == ids


def test_sqlite_on_a_read_only_disk_is_refused(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    # In a world of its own, so that the mount is gone with the process.
    mount = ["unshare", "-m", "sh", "-c", f'mount -t tmpfs -o ro tmpfs "{disk}" && exec "$@"', "sh"]
    if os.geteuid() or subprocess.run([*mount, "true"], capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    result = start({"DATABASE_URL": f"sqlite:///{disk}/db.sqlite3"}, *mount)
    assert result.returncode != 0
    assert f"The SQLite database cannot be written: {disk}/db.sqlite3." in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("path", "kind", "read_only"),
    [
        ("/var/db.sqlite3", "ext4", False),
        ("/srv/chatsite/db.sqlite3", "nfs4", False),
        ("/srv/local/db.sqlite3", "xfs", False),
        ("/srvice/db.sqlite3", "ext4", False),
        ("/mnt/with space/db.sqlite3", "ext4", True),
    ],
)
def test_the_disk_of_a_file_is_found(path, kind, read_only):
    found, options = mount_of(Path(path), SAMPLE)
    assert (found, "ro" in options) == (kind, read_only)


def test_this_machines_own_list_is_understood():
    kind, options = mount_of(ROOT)
    assert kind
    assert "rw" in options


@pytest.fixture
def unmigrated(tmp_path):
    """A server over a database without tables, by plain http and without a gateway's TLS."""
    environment = {
        "DJANGO_SETTINGS_MODULE": "tests.support.settings.bare",
        "DATABASE_URL": f"sqlite:///{tmp_path}/empty.sqlite3",
        "OPENAI_MODEL": "m",
    }
    server = Server("http://gateway.example.org/v1", tmp_path / "log", **environment)
    yield server.start()
    server.stop()


def test_pending_migrations_and_an_open_gateway_are_warned_of(unmigrated):
    ready = httpx.get(f"{unmigrated.url}/readyz", headers={"Host": "whatever.example"})
    assert (ready.status_code, ready.text) == (
        503,
        "The database is empty: run manage.py migrate.\n",
    )
    assert httpx.get(f"{unmigrated.url}/healthz").status_code == 200
    log = unmigrated.output()
    assert log.count("The database is empty") == 1
    assert len(re.findall("WARNING chatsite.lifespan .*OPENAI_BASE_URL uses http", log)) == 1
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(migrate, cwd=ROOT, env=unmigrated.environment, check=True)
    assert httpx.get(f"{unmigrated.url}/readyz").status_code == 200


# What few requests need, and several megabytes in each process that has it.
RARE = {"cryptography", "fido2", "jwt", "openpyxl", "PIL", "pypdf", "requests", "rich"}


def test_a_server_starts_without_what_few_requests_need():
    source = "import sys, chatsite.asgi; print(*sys.modules)"
    environment = Server("", "/dev/null").environment
    done = subprocess.run(
        [sys.executable, "-c", source],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert {name.partition(".")[0] for name in done.stdout.split()} & RARE == set()
