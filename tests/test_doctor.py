"""`manage.py doctor`: each check says what is wrong and what to do, and none stops the others."""

import base64
import io
import json
import os
import socket
import socketserver
import stat
import subprocess
import sys

import pytest
from django.core.management import call_command
from django.test import RequestFactory

from conversations.doctor import disk, gateway, mail, permissions, proxy, seen_request, storage
from conversations.doctor.examination import SUBJECTS
from conversations.doctor.finding import OK, PROBLEM, WARNING
from tests.support.loopback_server import serving
from tests.support.nginx import PROGRAM, nginx
from tests.support.server import KEY, ROOT, free_port


def levels(findings):
    return [each.level for each in findings]


def said(findings):
    """All words of the findings, as one text."""
    return " ".join(f"{each.said} {each.todo}" for each in findings)


def doctor(*arguments, **environment):
    """Run the command in a process of its own; returns its exit status and what it printed."""
    done = subprocess.run(
        [sys.executable, "manage.py", "doctor", *arguments],
        cwd=ROOT,
        env={**os.environ, **{name: str(value) for name, value in environment.items()}},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done.returncode, done.stdout


# --- The command ----------------------------------------------------------------------------


def test_each_subject_has_its_lines_whatever_is_broken_beside_it(tmp_path):
    status, printed = doctor(
        "--json",
        DATABASE_URL="postgres://u:hunter2@127.0.0.1:1/chat",
        EMAIL_URL="smtp://u:hunter2@127.0.0.1:1",
        OPENAI_BASE_URL="http://127.0.0.1:1/v1",
        OPENAI_API_KEY="sk-hunter2",
        OPENAI_MODEL="m",
        FILE_SCANNER=f"clamd://{tmp_path}/nobody",
    )
    answer = json.loads(printed)
    assert (status, answer["ok"]) == (1, False)
    assert list(dict.fromkeys(each["subject"] for each in answer["findings"])) == list(SUBJECTS)
    broken = {each["subject"] for each in answer["findings"] if each["level"] == "problem"}
    assert {"database", "storage", "mail", "gateway"} <= broken
    assert not {"disk", "clock", "settings"} & broken
    assert "hunter2" not in printed


@pytest.mark.once
def test_a_bad_setting_is_told_in_the_form_that_was_asked_for():
    status, printed = doctor("--json", MAX_BODY="4 MB")
    assert status == 1
    [finding] = json.loads(printed)["findings"]
    assert (finding["subject"], finding["level"]) == ("settings", "problem")
    assert finding["said"].startswith("MAX_BODY must be")


@pytest.mark.django_db
def test_a_sound_part_ends_well_and_is_told_in_lines(capsys):
    out = io.StringIO()
    call_command("doctor", "disk", stdout=out)
    assert out.getvalue().startswith("ok       disk ")
    with pytest.raises(SystemExit) as ended:
        call_command("doctor", "weather")
    assert ended.value.code == 2


@pytest.mark.once
def test_a_database_that_is_not_there_is_not_made_by_looking(tmp_path):
    status, printed = doctor("database", DATABASE_URL=f"sqlite:///{tmp_path}/chat.sqlite3")
    assert status == 1
    assert "There is no database yet: run manage.py migrate." in printed
    assert list(tmp_path.iterdir()) == []


# --- The gateway ----------------------------------------------------------------------------


@pytest.fixture
def connected(settings, gateway):
    settings.DEMO, settings.OPENAI_BASE_URL = False, gateway.url
    settings.OPENAI_API_KEY, settings.OPENAI_MODEL = KEY, "test-model"
    return gateway


def test_a_gateway_is_asked_for_its_models_and_for_an_answer(connected):
    found = gateway.check(call=True)
    assert levels(found)[-1] == OK
    assert "answered in" in said(found)
    assert KEY not in said(found)


def test_a_gateway_that_refuses_the_key_is_a_problem(connected):
    connected.will({"status": 401, "body": {"error": {"message": f"Bad key {KEY}"}}})
    found = gateway.check(call=True)
    assert PROBLEM in levels(found)
    assert KEY not in said(found)


def test_a_gateway_that_is_silent_is_given_up(settings):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.DEMO, settings.OPENAI_MODEL = False, "m"
        settings.OPENAI_BASE_URL = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        found = gateway.check(seconds=0.5)
    assert levels(found) == [PROBLEM]


def test_without_a_gateway_the_demo_is_named(settings):
    settings.DEMO = True
    assert levels(gateway.check()) == [WARNING]


# --- Mail -----------------------------------------------------------------------------------


class MailServer(socketserver.StreamRequestHandler):
    """Speaks as much SMTP as it takes, and refuses the login of everybody but `good`."""

    def handle(self):
        self.wfile.write(b"220 here\r\n")
        for line in self.rfile:
            word = line[:4].upper()
            if word == b"EHLO":
                self.wfile.write(b"250-here\r\n250 AUTH PLAIN\r\n")
            elif word == b"AUTH":
                good = b"\0good\0" in base64.b64decode(line.split()[2])
                self.wfile.write(b"235 in\r\n" if good else b"535 no such user\r\n")
            elif word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                while (text := self.rfile.readline()) != b".\r\n":
                    self.server.got.append(text)
                self.wfile.write(b"250 taken\r\n")
            else:
                self.wfile.write(b"250 fine\r\n")
            if word == b"QUIT":
                return


@pytest.fixture
def mail_server(settings):
    with serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), MailServer)) as server:
        server.got = []
        settings.MAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
        settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "good", "hunter2"
        settings.DEFAULT_FROM_EMAIL = "chat@example.org"
        yield server


def test_mail_is_tried_up_to_the_login_and_sent_only_where_asked(mail_server):
    assert levels(mail.check()) == [OK]
    assert mail_server.got == []
    assert levels(mail.check("ann@example.org")) == [OK]
    assert b"To: ann@example.org\r\n" in mail_server.got


@pytest.mark.parametrize("sender", ["chat@localhost", "Chat <chat@localhost>"])
def test_a_sender_that_others_refuse_is_said(mail_server, settings, sender):
    settings.DEFAULT_FROM_EMAIL = sender
    found = mail.check()
    assert levels(found) == [OK, WARNING]
    assert "@localhost" in said(found)


def test_a_login_that_the_mail_server_refuses_is_a_problem(mail_server, settings):
    settings.EMAIL_HOST_USER = "bad"
    found = mail.check()
    assert levels(found) == [PROBLEM]
    assert "no such user" in said(found)
    assert "hunter2" not in said(found)


# --- Files and disks ------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_probe_leaves_nothing_in_the_storage(settings, tmp_path):
    options = {**settings.STORAGES["files"]["OPTIONS"], "location": tmp_path / "files"}
    settings.STORAGES = {**settings.STORAGES, "files": {**settings.FILES, "OPTIONS": options}}
    settings.FILES_FOLDER = tmp_path / "files"
    assert levels(storage.check())[0] == OK
    left = {path.name for path in (tmp_path / "files").iterdir()}
    assert left <= {".folder"}  # by which machines see whether they share it
    (tmp_path / "file").write_text("")
    options["location"] = tmp_path / "file" / "within"
    settings.STORAGES = {**settings.STORAGES, "files": {**settings.FILES, "OPTIONS": options}}
    assert levels(storage.check())[0] == PROBLEM


@pytest.mark.parametrize(
    ("command", "level"), [("true", OK), ("false", WARNING), ("no-such", PROBLEM)]
)
@pytest.mark.django_db
def test_the_scanner_is_given_a_harmless_text(settings, command, level):
    settings.FILE_SCANNER = command
    assert levels(storage.check())[-1] == level


def test_disks_are_named_with_their_room(monkeypatch):
    assert "GB are free for" in said(disk.check())


@pytest.mark.parametrize(("mode", "level"), [(0o600, OK), (0o604, PROBLEM)])
def test_a_secret_that_others_can_read_is_a_problem(settings, tmp_path, mode, level):
    settings.BASE_DIR = tmp_path
    file = tmp_path / ".env"
    file.write_text("SECRET_KEY=…")
    file.chmod(mode)
    assert stat.S_IMODE(file.stat().st_mode) == mode
    named = [each for each in permissions.check() if str(file) in str(each.said)]
    assert levels(named) == ([] if level == OK else [PROBLEM])


# --- Proxies --------------------------------------------------------------------------------


def seen(**changes):
    """What a site behind one proxy that is set up well sees of the doctor's request."""
    return {
        "secure": True,
        "address": "198.51.100.7",
        "forwarded_for": ["198.51.100.7"],
        "forwarded_proto": "https",
        "host": "chat.example.org",
        "trusted_proxies": 1,
    } | changes


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"secure": False, "trusted_proxies": 0}, "redirects for ever"),
        ({"secure": False, "forwarded_proto": ""}, "redirects for ever"),
        ({"secure": False, "forwarded_proto": "http"}, "X-Forwarded-Proto that a client sends"),
        ({"host": "127.0.0.1:8000"}, "changes the host"),
        ({"forwarded_for": []}, "anybody may pretend"),
        ({"forwarded_for": [proxy.PRETENDED]}, "anybody may pretend"),
        ({"trusted_proxies": 2}, "Set TRUSTED_PROXIES=1."),
        ({"trusted_proxies": 0}, "Set TRUSTED_PROXIES=1."),
        (
            {"forwarded_for": [proxy.PRETENDED, "198.51.100.7", "10.0.0.1"]},
            "Set TRUSTED_PROXIES=2.",
        ),
    ],
)
def test_a_proxy_that_is_set_up_wrong_is_named(settings, changes, word):
    settings.ALLOWED_HOSTS = ["chat.example.org"]
    found = proxy.judge("https://chat.example.org", seen(**changes))
    assert PROBLEM in levels(found)
    assert word in said(found)


@pytest.mark.parametrize(
    "changes",
    [{}, {"forwarded_for": [proxy.PRETENDED, "198.51.100.7"]}, {"host": "CHAT.example.org"}],
)
def test_a_proxy_that_is_set_up_well_is_called_so(settings, changes):
    settings.ALLOWED_HOSTS = ["chat.example.org"]
    assert levels(proxy.judge("https://chat.example.org", seen(**changes))) == [OK]


def test_a_name_that_is_not_allowed_is_named(settings):
    settings.ALLOWED_HOSTS = ["other.example.org"]
    assert "ALLOWED_HOSTS" in said(proxy.judge("https://chat.example.org", seen()))


def test_only_the_doctor_is_told_what_the_site_sees(settings):
    name = f"HTTP_{seen_request.HEADER.upper().replace('-', '_')}"
    ask = RequestFactory().get
    assert seen_request.is_of_the_doctor(ask("/healthz", **{name: seen_request.token()}))
    assert not seen_request.is_of_the_doctor(ask("/healthz", **{name: "forged:1abc:def"}))
    assert not seen_request.is_of_the_doctor(ask("/healthz"))


@pytest.mark.skipif(PROGRAM is None, reason="nginx is not installed")
@pytest.mark.once
def test_the_site_is_asked_at_its_public_address(here, settings, tmp_path):
    settings.ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
    found = proxy.check(here.url)
    assert levels(found) == [OK], said(found)
    assert "could not be reached" in said(proxy.check(f"http://127.0.0.1:{free_port()}"))
    with nginx(tmp_path, here.port) as urls:
        assert "certificate" in said(proxy.check(urls.https))
        assert "leads to https://" in said(proxy.check(urls.http))
