"""Starting with good and bad settings: a bad value stops the start and is named."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from chatsite.environment import Environment
from tests.support.server import free_port

ROOT = Path(__file__).parent.parent
GATEWAY = {"OPENAI_BASE_URL": "https://gateway.example.org/v1", "OPENAI_MODEL": "m"}
OURS = {
    line.partition("=")[0]
    for line in (ROOT / ".env.example").read_text().splitlines()
    if line and not line.startswith("#")
}


@pytest.fixture
def start(monkeypatch):
    """Runs settings.py in an environment of only what is given; returns what it sets."""
    for name in OURS:
        monkeypatch.delenv(name, raising=False)

    def start(**environment):
        environment.setdefault("SECRET_KEY", "a-good-key-0123456789-0123456789-0123")
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(ROOT / "chatsite" / "settings.py"))

    return start


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY_FALLBACKS", "short"),
        ("CSRF_TRUSTED_ORIGINS", "chat.example.org"),
        ("INSECURE_HTTP", "perhaps"),
        ("DEBUG", "2"),
        ("TRUSTED_PROXIES", "-1"),
        ("HSTS_PRELOAD", "soon"),
        ("TIME_ZONE", "Mars/Olympus"),
        ("UPSTREAM_HEADERS", "{"),
        ("UPSTREAM_HEADERS", '["X-Team"]'),
        ("UPSTREAM_HEADERS", '{"X-Team": 1}'),
        ("UPSTREAM_HEADERS", '{"X-Team": "a\\nb"}'),
        ("UPSTREAM_HEADERS", '{" ": "a"}'),
        ("UPSTREAM_CONNECT_TIMEOUT", "0"),
        ("UPSTREAM_READ_TIMEOUT", "ten"),
        ("UPSTREAM_TOTAL_TIMEOUT", "1e3"),
        ("UPSTREAM_LONGEST_LINE", "0"),
        ("UPSTREAM_LONGEST_REPLY", "0"),
        ("AUTO_TITLES", "sometimes"),
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "mysql://name:pass@host/db"),
        ("DATABASE_URL", "postgres://name:pass@host:port/db"),
        ("DATABASE_POOL", "1"),
        ("DATABASE_POOL", "many"),
        ("SIGNUP", "maybe"),
        ("OIDC_ISSUER", "login.example.org"),
        ("OIDC_ISSUER", "http://login.example.org"),
        ("OIDC_ISSUER", "https://login.example.org"),  # without OIDC_CLIENT_ID
        ("OIDC_SIGNUP", "maybe"),
        ("OIDC_REQUIRED_CLAIM", "groups"),
        ("OIDC_SESSION_HOURS", "9"),
        ("PASSWORD_LOGIN", "false"),  # without OIDC_ISSUER
        ("MFA_REQUIRED", "all"),
        ("SESSION_DAYS", "0"),
        ("REVIEW_NOTICE", "loud"),
        ("CURRENCY", "dollars"),
        ("EMAIL_URL", "pigeon://host"),
        ("MAX_BODY", "4 MB"),
        ("MAX_BODY", "10"),
        ("MAX_MESSAGE", "0"),
        ("REPLIES_PER_MINUTE", "-1"),
        ("CONCURRENT_REPLIES", "x"),
        ("MAX_LIVE_REPLIES", "0"),
        ("MAX_STREAMS", "0"),
        ("LOG_JSON", "pretty"),
        ("LOG_LEVEL", "LOUD"),
    ],
)
def test_a_bad_value_is_named(start, name, value):
    with pytest.raises(ImproperlyConfigured, match=rf"\b{name}\b"):
        start(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPENAI_BASE_URL", "gateway.example.org"),
        ("OPENAI_BASE_URL", "ftp://gateway.example.org"),
        ("OPENAI_BASE_URL", "https://"),
        ("OPENAI_BASE_URL", "https://host:port/v1"),
        ("OPENAI_BASE_URL", "https://[::1"),
        ("OPENAI_BASE_URL", "https://name:secret@host/v1"),
        ("OPENAI_API_KEY", "ключ"),
        ("OPENAI_API_KEY", "one\ntwo"),
        ("OPENAI_MODEL", ""),
    ],
)
def test_a_bad_value_of_the_gateway_is_named(start, name, value):
    with pytest.raises(ImproperlyConfigured, match=rf"\b{name}\b"):
        start(**{**GATEWAY, name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "hunter2"),
        ("UPSTREAM_HEADERS", '{"Authorization": "hunter2"'),
        ("OPENAI_API_KEY", "hunter2é"),
        ("OPENAI_BASE_URL", "https://me:hunter2@host/v1"),
        ("DATABASE_URL", "mysql://me:hunter2@host/db"),
        ("EMAIL_URL", "pigeon://me:hunter2@host"),
    ],
)
def test_what_is_secret_in_a_bad_value_is_not_repeated(start, name, value):
    with pytest.raises(ImproperlyConfigured) as caught:
        start(**{**GATEWAY, name: value})
    assert "hunter2" not in str(caught.value)


def test_nothing_but_a_secret_key_has_to_be_set(start):
    settings = start()
    assert settings["DATABASES"]["default"]["NAME"] == str(ROOT / "db.sqlite3")
    assert settings["DEMO"]
    assert settings["OPENAI_MODEL"] == "demo"
    assert settings["SECURE"]
    assert not settings["DEBUG"]


def test_the_password_of_the_database_needs_no_escapes_outside_of_its_url(start):
    url = "postgres://chat@database/chat"
    settings = start(DATABASE_URL=url, DATABASE_PASSWORD="p/@:%ss")
    assert settings["DATABASES"]["default"]["PASSWORD"] == "p/@:%ss"
    with pytest.raises(ImproperlyConfigured) as caught:
        start(DATABASE_URL="postgres://chat:hunter2@database/chat", DATABASE_PASSWORD="hunter3")
    assert "DATABASE_URL or DATABASE_PASSWORD" in str(caught.value)
    assert "hunter" not in str(caught.value)


def test_the_folder_of_data_holds_whatever_has_a_relative_path(start, tmp_path):
    settings = start(DATA_FOLDER=str(tmp_path))
    assert settings["DATABASES"]["default"]["NAME"] == str(tmp_path / "db.sqlite3")
    beside = {
        "IMPORT_FOLDER": tmp_path / "imports",
        "ERASURES_FILE": tmp_path / "erasures.jsonl",
        "FILES_FOLDER": tmp_path / "files",
        "UPLOAD_FOLDER": tmp_path / "files" / "incoming",
    }
    assert {name: settings[name] for name in beside} == beside
    # Also without SQLite, and with SQLite somewhere else.
    for url in ("postgres://chat@database/chat", f"sqlite:///{tmp_path.parent}/other.sqlite3"):
        settings = start(DATA_FOLDER=str(tmp_path), DATABASE_URL=url)
        assert {name: settings[name] for name in beside} == beside
    assert start(DATA_FOLDER="", DATABASE_URL="sqlite:////srv/x/db.sqlite3")[
        "FILES_FOLDER"
    ] == Path("/srv/x/files")


@pytest.mark.parametrize("folder", ["/no/such/folder", __file__, "\x01"])
def test_a_folder_of_data_that_is_none_is_named(start, folder):
    with pytest.raises(ImproperlyConfigured) as caught:
        start(DATA_FOLDER=folder)
    assert str(caught.value).startswith("DATA_FOLDER must be a folder that is there, not ")


def test_secrets_stand_in_files_too(start, tmp_path):
    texts = {
        "SECRET_KEY": "a-good-key-0123456789-0123456789-0456",
        "SECRET_KEY_FALLBACKS": f"{'a1' * 20}\n{'b2' * 20},{'c3' * 20}\n",
        "UPSTREAM_HEADERS": '{"Authorization": "Basic x"}\n',
        "DATABASE_PASSWORD": "from the file\n",
        "OPENAI_API_KEY": "",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    files = {f"{name}_FILE": str(tmp_path / name) for name in texts}
    settings = start(**files, SECRET_KEY="", DATABASE_URL="postgres://chat@database/chat")
    assert settings["SECRET_KEY"] == texts["SECRET_KEY"]
    assert settings["SECRET_KEY_FALLBACKS"] == ["a1" * 20, "b2" * 20, "c3" * 20]
    assert settings["UPSTREAM_HEADERS"] == {"Authorization": "Basic x"}
    assert settings["DATABASES"]["default"]["PASSWORD"] == "from the file"
    assert settings["DEMO"]


def test_an_empty_value_counts_as_not_set(start):
    plain = start()
    empty = start(**dict.fromkeys(OURS - {"SECRET_KEY"}, ""))
    names = {name for name, value in plain.items() if name.isupper() and name != "BASE_DIR"}
    assert {name: empty[name] for name in names} == {name: plain[name] for name in names}


def test_a_key_alone_means_openai(start):
    settings = start(OPENAI_API_KEY="sk-1", OPENAI_MODEL="gpt-5.1")
    assert settings["OPENAI_BASE_URL"] == "https://api.openai.com/v1"
    assert not settings["DEMO"]


def test_cookies_are_bound_to_host_and_https_unless_http_is_wanted(start):
    secure = start()
    assert (secure["SESSION_COOKIE_NAME"], secure["CSRF_COOKIE_NAME"]) == (
        "__Host-session",
        "__Host-csrf",
    )
    assert secure["SESSION_COOKIE_SECURE"] and secure["CSRF_COOKIE_SECURE"]
    assert secure["SECURE_SSL_REDIRECT"]
    plain = start(INSECURE_HTTP="true")
    assert not plain["SESSION_COOKIE_SECURE"] and not plain["SECURE_SSL_REDIRECT"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAX_BODY", "4 MB"),
        ("PORT", "http"),
        ("PORT", "70000"),
        ("WEB_CONCURRENCY", "0"),
        ("RELOAD", "perhaps"),
        ("PIN_WORKERS", "some"),
    ],
)
def test_the_server_does_not_start_and_says_why(name, value):
    environment = {**os.environ, "PORT": str(free_port()), "WEB_CONCURRENCY": "1", name: value}
    arguments = ["-c", "gunicorn.conf.py", "chatsite.asgi:application"]
    started = subprocess.run(
        [sys.executable, "-m", "gunicorn", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert started.returncode != 0
    assert f"{name} " in started.stderr


def test_each_reading_is_of_the_environment_and_the_file_of_its_moment(tmp_path):
    script = (
        "import os, sys; from pathlib import Path; sys.path.insert(0, sys.argv[2]);"
        "from chatsite.environment import read_environment as read; file = Path(sys.argv[1]);"
        "file.write_text('A=1\\nB=1\\n'); os.environ['B'] = '2'; first = read(file);"
        "file.write_text('A=3\\n'); second = read(file);"
        "print(*[env.number(name, 0) for env in (first, second) for name in 'AB']);"
        "print('A' in os.environ)"
    )
    command = [sys.executable, "-c", script, str(tmp_path / ".env"), str(ROOT)]
    printed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert printed.split() == ["1", "2", "3", "2", "False"]


SECRETS = {
    "SECRET_KEY": "a-good-key-9876543210-9876543210-9876",
    "SECRET_KEY_FALLBACKS": "a-former-key-0123456789-0123456789-012",
    "OPENAI_API_KEY": "sk-of-a-file",
    "UPSTREAM_HEADERS": '{"X-Team": "of a file"}',
    "DATABASE_URL": "sqlite:////of/a/file.sqlite3",
    "EMAIL_URL": "smtp://user:of-a-file@mail.example.org:25",
    "OIDC_CLIENT_SECRET": "of a file",
    "AWS_ACCESS_KEY_ID": "id-of-a-file",
    "AWS_SECRET_ACCESS_KEY": "key-of-a-file",
    "AWS_SESSION_TOKEN": "token-of-a-file",
}


def test_each_secret_may_stand_in_a_file_of_its_own(start, tmp_path):
    """The same settings come of them, and a file that cannot be read is named."""
    given = {**GATEWAY, "FILES_URL": "s3://bucket/prefix"}
    for name, value in SECRETS.items():
        (tmp_path / name).write_text(f"{value}\n")
    in_files = start(
        **given, SECRET_KEY="", **{f"{name}_FILE": str(tmp_path / name) for name in SECRETS}
    )
    for name in SECRETS:
        os.environ.pop(f"{name}_FILE")
    plain = start(**given, **SECRETS)
    differ = {
        name
        for name, value in plain.items()
        if name.isupper() and name != "BASE_DIR" and in_files[name] != value
    }
    assert differ == {"SECRET_FILES"}
    assert in_files["FILES"]["OPTIONS"]["secret_key"] == "key-of-a-file"
    for name in SECRETS:
        with pytest.raises(ImproperlyConfigured, match=f"{name}_FILE names .*cannot be read"):
            start(**given, **{name: "", f"{name}_FILE": str(tmp_path / "nowhere")})
        os.environ.pop(f"{name}_FILE")


def test_a_secret_may_stand_in_a_file(tmp_path):
    file = tmp_path / "secret"
    file.write_text("of the file\n")

    def read(**variables):
        return type("Read", (Environment,), {"ENVIRON": variables})().secret("KEY", "none")

    assert read(KEY_FILE=str(file)) == "of the file"
    assert read(KEY="of its own ", KEY_FILE="") == "of its own"
    assert read() == "none"
    for wrong in ({"KEY": "a", "KEY_FILE": str(file)}, {"KEY_FILE": str(tmp_path / "nowhere")}):
        with pytest.raises(ImproperlyConfigured, match="KEY_FILE"):
            read(**wrong)
