"""The check for viruses by a real clamd, with a signature of our own; skipped where none is."""

import hashlib
import os
import shutil
import subprocess

import pytest
from django.conf import settings as site

from conversations.files import intake, scanner
from conversations.models import Attachment
from tests.support import sample_files as made
from tests.support.polling import until

CLAMD = shutil.which("clamd") or shutil.which("clamd", path="/usr/sbin")
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.once,
    pytest.mark.skipif(
        CLAMD is None, reason="clamd (Debian: clamav-daemon) is not installed on this machine"
    ),
]

# What scanners agree to call a virus, in two halves, for they also read the files of programmers.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"
CONFIGURATION = """
LocalSocket {folder}/socket
DatabaseDirectory {folder}/signatures
TemporaryDirectory {folder}
Foreground yes
StreamMaxLength 1M
"""


@pytest.fixture(scope="module")
def clamd(tmp_path_factory):
    """A clamd that knows one virus, and takes files of up to 1 MB; the address of its socket."""
    folder = tmp_path_factory.mktemp("clamd")
    (folder / "signatures").mkdir()
    digest = hashlib.md5(EICAR, usedforsecurity=False).hexdigest()
    signature = f"{digest}:{len(EICAR)}:Test.Eicar\n"
    (folder / "signatures" / "own.hdb").write_text(signature)
    configuration = folder / "clamd.conf"
    configuration.write_text(CONFIGURATION.format(folder=folder))
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(
            [CLAMD, "--config-file", configuration], stdout=log, stderr=subprocess.STDOUT
        )
        try:
            until((folder / "socket").exists, 60)
            yield f"clamd://{folder}/socket"
        finally:
            process.terminate()
            process.wait()


def test_a_real_scanner_tells_what_is_clean_from_what_is_not(clamd, alice, settings):
    settings.FILE_SCANNER = clamd
    within = made.office("docx", {"word/document.xml": f"<a {made.W}/>", "word/media/a.txt": EICAR})
    files = {
        "clean.txt": (b"harmless", "ready"),
        "picture.png": (made.picture(), "ready"),
        "virus.txt": (EICAR, "suspicious"),
        "virus.docx": (within, "suspicious"),
        "large.txt": (os.urandom(700_000).hex().encode(), "too_large_to_scan"),
    }
    found = {
        name: intake.take(alice, made.upload(content, name)).state
        for name, (content, _state) in files.items()
    }
    assert found == {name: state for name, (_content, state) in files.items()}


def test_what_came_before_the_scanner_is_looked_at_when_it_is_there(clamd, alice, settings):
    settings.FILE_SCANNER = f"clamd://{site.UPLOAD_FOLDER}/nobody"
    assert intake.take(alice, made.upload(EICAR, "a.txt")).state == "scanning"
    settings.FILE_SCANNER = clamd
    scanner.check_piece()
    assert Attachment.objects.get().state == "suspicious"
