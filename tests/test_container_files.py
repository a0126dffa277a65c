"""The files by which the site becomes containers: Containerfile, .dockerignore, compose.yaml and
Caddyfile. tests/test_image.py runs what they build."""

import os
import re
import runpy
import shutil
import stat
import subprocess
from fnmatch import translate

import pytest
import yaml

from tests.support.server import ROOT

pytestmark = pytest.mark.once

COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SITE = COMPOSE["services"]["site"]
CONTAINERFILE = (ROOT / "Containerfile").read_text()
FINAL_STAGE = CONTAINERFILE.rpartition("\nFROM ")[2]
SECRETS = {
    "SECRET_KEY",
    "SECRET_KEY_FALLBACKS",
    "OPENAI_API_KEY",
    "UPSTREAM_HEADERS",
    "DATABASE_URL",
    "DATABASE_PASSWORD",
    "EMAIL_URL",
    "OIDC_CLIENT_SECRET",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
}


def ignored(path):
    """Whether .dockerignore leaves `path`, relative to the root, out of the build: as Docker
    documents it, the last pattern that matches the path or a folder above it decides."""
    verdict = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        pattern, included = line.removeprefix("!"), line.startswith("!")
        # `**/` stands for any number of folders, `*` for a part of one name.
        rest = pattern.removeprefix("**/")
        parts = path.split("/")
        ends = range(1, len(parts) + 1)
        starts = range(len(parts)) if rest != pattern else [0]
        if any(matches(parts[start:end], rest.split("/")) for end in ends for start in starts):
            verdict = not included
    return verdict


def matches(names, patterns):
    """Whether each of `names` matches the pattern in its place."""
    return len(names) == len(patterns) and all(
        re.fullmatch(translate(pattern), name)
        for name, pattern in zip(names, patterns, strict=True)
    )


@pytest.mark.parametrize(
    "path",
    [
        *(".env", ".env.production", "compose.env", "secrets/secret_key", ".git/config", ".netrc"),
        *("db.sqlite3", "db.sqlite3-wal", "backup.sqlite3.files.tar", "erasures.jsonl", "dump.sql"),
        *("files/ab/cdef", "imports/x.zip", ".venv/bin/python", "static/x.css", "id_rsa"),
        *("tests/conftest.py", "bench/last.json", "docs/deploy.md", "server.log", "privkey.pem"),
        *(
            "chatsite/.env",
            "conversations/.env.local",
            "conversations/db.sqlite3",
            "chatsite/x.log",
        ),
        *("chatsite/__pycache__/settings.cpython-313.pyc", "conversations/tls.key", "a.tar.gz"),
        *(
            "locale/zh_Hans/LC_MESSAGES/django.po",
            "requirements-dev.txt",
            ".github/workflows/x.yml",
        ),
        *("container/prepare", "dist/chatsite-1.0.0.tar.gz", "nohup.out", "chatsite/.secret/key"),
    ],
)
def test_nothing_secret_or_made_gets_into_the_build(path):
    assert ignored(path)


def test_all_that_runs_gets_into_the_build():
    listed = subprocess.run(
        ["git", "ls-files", "chatsite", "conversations", "templates", "locale"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    program = [path for path in listed if not path.endswith(".po")]
    assert len(program) > 300
    assert [path for path in program if ignored(path)] == []
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", CONTAINERFILE, re.MULTILINE)
    for source in " ".join(copied).split():
        assert (ROOT / source).exists()
        assert not ignored(source), source


def test_the_image_runs_as_a_user_that_is_a_number_and_a_member_of_group_0():
    [user] = re.findall(r"^USER (\S+)$", FINAL_STAGE, re.MULTILINE)
    uid, gid = map(int, user.split(":"))
    assert uid > 1000 and gid == 0


def test_the_image_holds_no_secret_and_installs_what_is_locked():
    # Those of the ones that are set in the image's variables and arguments.
    kept = re.findall(r"^(?:ENV|ARG) .*(?:\\\n.*)*", CONTAINERFILE, re.MULTILINE)
    assert [name for name in SECRETS if re.search(rf"\b{name}\b", "\n".join(kept))] == []
    assert "--require-hashes" in CONTAINERFILE
    assert "--only-binary :all:" in CONTAINERFILE
    # The program itself, not a shell, gets the signals, and no other program is needed to ask.
    assert 'CMD ["python", "-m", "chatsite.serve"]' in FINAL_STAGE
    assert 'CMD ["python", "-m", "chatsite.healthcheck"]' in FINAL_STAGE
    assert not re.search(r"\b(curl|wget|apt-get)\b", FINAL_STAGE)


def test_compose_waits_longer_for_a_stop_than_gunicorn():
    graceful = runpy.run_path(str(ROOT / "gunicorn.conf.py"))["graceful_timeout"]
    assert seconds(SITE["stop_grace_period"]) >= graceful + 5
    proxy = COMPOSE["services"]["proxy"]
    assert seconds(proxy["stop_grace_period"]) > graceful + 5
    assert (
        f"podman run --stop-timeout {seconds(SITE['stop_grace_period'])}"
        in (ROOT / "docs" / "container.md").read_text()
    )


def seconds(text):
    """Compose's duration, here always in seconds, as an int."""
    return int(re.fullmatch(r"(\d+)s", text)[1])


def test_the_composition_is_valid():
    checker = shutil.which("check-jsonschema", path=str(ROOT / ".venv" / "bin"))
    command = [checker, "--builtin-schema", "vendor.compose-spec", "compose.yaml"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("name", sorted(COMPOSE["services"]))
def test_each_container_is_confined_healthy_and_started_again(name):
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert set(service.get("cap_add", [])) <= {"NET_BIND_SERVICE"}
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"][0] == "CMD"
    for other, how in service.get("depends_on", {}).items():
        assert how == {"condition": "service_healthy"}
        assert "healthcheck" in COMPOSE["services"][other]
    # Only the proxy is reached from outside.
    assert ("ports" in service) is (name == "proxy")


def test_all_that_is_named_is_declared():
    for service in COMPOSE["services"].values():
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
        assert set(service["networks"]) <= set(COMPOSE["networks"])
        volumes = {volume.partition(":")[0] for volume in service.get("volumes", [])}
        assert volumes <= set(COMPOSE["volumes"])
        for config in service.get("configs", []):
            assert (ROOT / COMPOSE["configs"][config["source"]]["file"]).exists()


def test_secrets_are_files():
    for service in COMPOSE["services"].values():
        for variable, value in service.get("environment", {}).items():
            assert variable not in SECRETS - {"DATABASE_URL"}
            if variable.endswith("_FILE"):
                assert value.removeprefix("/run/secrets/") in service["secrets"]
    assert re.fullmatch(r"postgres://\w+@database:5432/\w+", SITE["environment"]["DATABASE_URL"])


def test_every_secret_may_stand_in_a_file():
    settings = (ROOT / "chatsite" / "settings.py").read_text()
    assert set(re.findall(r'env\.secret\("(\w+)"', settings)) == SECRETS
    explained = (ROOT / ".env.example").read_text().partition("\n\n")[0]
    assert {name for name in SECRETS if re.search(rf"\b{name}\b", explained)} == SECRETS


def test_where_nothing_builds_images_that_is_said():
    command = [ROOT / "container" / "build"]
    environment = {**os.environ, "BUILDER": "no-such-builder"}
    run = subprocess.run(command, env=environment, capture_output=True, text=True)
    # By this status `make release` knows that there is no image.
    assert run.returncode == 3
    assert run.stderr == (
        "No program that builds images is here (Debian: apt-get install buildah).\n"
    )


def test_the_secrets_are_made_once_and_are_random(tmp_path):
    (tmp_path / "container").mkdir()
    shutil.copy(ROOT / "container" / "prepare", tmp_path / "container")
    made = []
    for _ in range(2):
        subprocess.run([tmp_path / "container" / "prepare"], check=True)
        made.append({path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()})
    assert made[0] == made[1]
    assert set(made[0]) == set(COMPOSE["secrets"])
    key, password = made[0]["secret_key"].strip(), made[0]["database_password"].strip()
    assert len(key) >= 50 and len(set(key)) > 15 and key != password
    assert made[0]["openai_api_key"] == ""
    # Nobody else on the machine gets into the folder; each container's account reads the files.
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "secrets" / "secret_key").stat().st_mode) == 0o644
    assert "ALLOWED_HOSTS=localhost\n" in (tmp_path / "compose.env").read_text()


def test_what_is_made_for_compose_is_not_committed():
    made = ["secrets/secret_key", "compose.env", "dist/chatsite-1.0.0.tar.gz"]
    run = subprocess.run(
        ["git", "check-ignore", *made], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.stdout.split() == made
