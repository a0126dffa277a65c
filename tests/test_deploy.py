"""What docs/deploy.md has one type is there and works: commands, settings, units, scripts."""

import os
import re
import shutil
import subprocess
import time

import pytest
from django.core.management import get_commands

from tests.support.server import ROOT, database_url
from tests.test_release_switch import lead_to, make_release

DOCS = ROOT / "docs"
GUIDE = (DOCS / "deploy.md").read_text()
TYPED = "\n".join(re.findall(r"^    (.*)", GUIDE, re.MULTILINE))
UNITS = ["chatsite.service", "chatsite-backup.service", "chatsite-backup.timer"]


def test_each_command_that_is_typed_exists():
    named = set(re.findall(r"(?:^|\| |`)chatsite ([a-z_]+)", f"{TYPED}\n{GUIDE}", re.MULTILINE))
    assert {"doctor", "migrate", "backup", "check_files"} <= named
    assert named - set(get_commands()) == set()


def test_each_setting_that_is_typed_exists():
    example = (ROOT / ".env.example").read_text()
    settings = set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE))
    typed = set(re.findall(r"^([A-Z_]+)=", TYPED, re.MULTILINE))
    assert {"SECRET_KEY", "DATA_FOLDER", "DATABASE_URL"} <= typed
    assert typed - settings == set()


@pytest.mark.parametrize("script", sorted(path.name for path in DOCS.glob("*.sh")))
def test_the_shell_reads_each_script(script):
    subprocess.run(["sh", "-n", DOCS / script], check=True)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_takes_the_units_as_they_are(tmp_path):
    # The programs that they name, for systemd looks whether they are there.
    programs = tmp_path / "opt/chatsite/current/.venv/bin"
    programs.mkdir(parents=True)
    for name in ("gunicorn", "python"):
        (programs / name).symlink_to("/bin/true")
    for name in UNITS:
        unit = (DOCS / name).read_text().replace("/opt/chatsite", f"{tmp_path}/opt/chatsite")
        (tmp_path / name).write_text(unit)
    done = subprocess.run(
        ["systemd-analyze", "verify", *(tmp_path / name for name in UNITS)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.django_db(transaction=True)
def test_a_backup_of_today_is_made_and_one_of_long_ago_deleted(tmp_path):
    old, new = tmp_path / "1.backup", tmp_path / "2.backup"
    for path, days in ((old, 20), (new, 2)):
        path.write_text("")
        os.utime(path, (time.time() - days * 86_400,) * 2)
    subprocess.run(
        ["sh", DOCS / "backup.sh", tmp_path],
        env={**os.environ, "DATABASE_URL": database_url()},
        check=True,
        capture_output=True,
        timeout=120,
    )
    left = sorted(path.name for path in tmp_path.glob("*.backup"))
    assert left[0] == "2.backup"
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d{6}Z\.backup", left[1])
    assert (tmp_path / left[1]).stat().st_size > 10_000


@pytest.mark.stress
@pytest.mark.once
@pytest.mark.skipif(os.geteuid() != 0, reason="runs commands as another account")
def test_the_site_is_switched_to_a_release_and_back_but_not_below_its_database(tmp_path):
    one, two = make_release(tmp_path, 1), make_release(tmp_path, 2)
    for release in (one, two):
        shutil.copytree(DOCS, release / "docs", ignore=shutil.ignore_patterns("screenshots"))
        shutil.copy(ROOT / "manage.py", release)
    lead_to(tmp_path, one)
    # A migration of tomorrow.
    migrations = two / "conversations" / "migrations"
    newest = max(path.stem for path in migrations.glob("[0-9]*.py"))
    (migrations / "9999_of_tomorrow.py").write_text(
        "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n"
        f'    dependencies = [("conversations", "{newest}")]\n'
    )

    def switch(release):
        return subprocess.run(
            ["sh", release / "docs" / "release.sh", "switch"],
            env={
                **os.environ,
                "CHATSITE_ACCOUNT": "root",
                "DATABASE_URL": f"sqlite:///{tmp_path}/chat.sqlite3",
            },
            capture_output=True,
            text=True,
            timeout=240,
        )

    assert switch(one).returncode == switch(two).returncode == 0
    assert (tmp_path / "current").resolve() == two
    refused = switch(one)
    assert refused.returncode == 1
    assert "applied conversations.9999_of_tomorrow" in refused.stderr
    assert (tmp_path / "current").resolve() == two
