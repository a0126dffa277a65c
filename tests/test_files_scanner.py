"""The check for viruses: until the scanner has called a file clean it is neither sent nor shown."""

import os
import shlex
import socket
import sys
import threading

import pytest

from conversations.files import intake, scanner
from conversations.models import Attachment
from tests.support import sample_files as made
from tests.support.file_forms import send

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]

SAYS = {"clean": b"stream: OK\0", "virus": b"stream: Eicar-Test-Signature FOUND\0"}


class Clamd:
    """A socket that answers as clamd does: "virus" to what has that word in it. With `hangs_up` it
    answers after the first block, and leaves the others unread."""

    def __init__(self, path):
        self.received = []
        self.answer = None
        self.hangs_up = False
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(path))
        self._socket.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _address = self._socket.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as sent:
                assert sent.read(10) == b"zINSTREAM\0"
                content = b""
                while size := int.from_bytes(sent.read(4), "big"):
                    content += sent.read(size)
                    if self.hangs_up:
                        break
                self.received.append(content)
                connection.sendall(self.answer or SAYS["virus" if b"virus" in content else "clean"])

    def close(self):
        self._socket.close()


@pytest.fixture
def clamd(tmp_path, settings):
    server = Clamd(tmp_path / "clamd")
    settings.FILE_SCANNER = f"clamd://{tmp_path / 'clamd'}"
    yield server
    server.close()


def test_a_clean_file_is_ready(clamd, alice):
    attachment = intake.take(alice, made.upload(b"harmless", "a.txt"))
    assert attachment.state == "ready"
    assert clamd.received == [b"harmless"]


def test_a_dangerous_file_is_neither_sent_nor_shown(clamd, client, alice):
    client.force_login(alice)
    answer = send(client, ("bad.txt", b"a virus"))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "bad.txt: The check for viruses found it dangerous." in page
    [attachment] = Attachment.objects.all()
    assert attachment.state == "suspicious"
    for part in ("", "small/", "text/"):
        assert client.get(f"/files/{attachment.pk}/{part}").status_code == 404
    assert send(client, attachments=[attachment.pk]).status_code == 422
    assert send(client, attachments=[attachment.pk], remove=[attachment.pk]).status_code == 303


def test_a_file_that_is_too_large_for_the_scanner_is_not_sent(clamd, alice):
    clamd.answer = b"INSTREAM size limit exceeded. ERROR\0"
    assert intake.take(alice, made.upload(b"x", "a.txt")).state == "too_large_to_scan"


def test_its_answer_counts_though_it_hung_up_with_bytes_unread(clamd, alice):
    clamd.answer, clamd.hangs_up = b"INSTREAM size limit exceeded. ERROR\0", True
    content = os.urandom(70_000).hex().encode()
    assert intake.take(alice, made.upload(content, "a.txt")).state == "too_large_to_scan"


def test_a_scanner_that_is_away_is_asked_again(client, alice, settings, tmp_path):
    settings.FILE_SCANNER = f"clamd://{tmp_path / 'later'}"
    client.force_login(alice)
    answer = send(client, ("a.txt", b"harmless"))
    assert answer.status_code == 422
    assert "It is being checked for viruses and can be sent then." in answer.content.decode()
    [attachment] = Attachment.objects.all()
    assert attachment.state == "scanning"
    assert not scanner.check_piece()
    server = Clamd(tmp_path / "later")
    scanner.check_piece()
    server.close()
    assert Attachment.objects.get().state == "ready"
    assert send(client, attachments=[attachment.pk]).status_code == 303


@pytest.mark.parametrize(
    ("status", "state"), [(0, "ready"), (1, "suspicious"), (2, "scanning"), (-9, "scanning")]
)
def test_a_command_decides_by_its_exit_status(settings, alice, status, state):
    code = f"import os, sys; assert sys.stdin.read() == 'words'; os._exit({status})"
    if status < 0:
        code = "import os; os.kill(os.getpid(), 9)"
    settings.FILE_SCANNER = shlex.join([sys.executable, "-c", code])
    assert intake.take(alice, made.upload(b"words", "a.txt")).state == state


def test_a_command_that_is_not_there_gives_no_verdict(settings, alice):
    settings.FILE_SCANNER = "/no/such/program --fast"
    assert intake.take(alice, made.upload(b"words", "a.txt")).state == "scanning"
