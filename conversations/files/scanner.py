"""Check for viruses by a program of the operator (FILE_SCANNER): a command, or clamd at a socket.

Until it has called a file clean, the file is neither sent nor shown. Where it cannot be asked the
file keeps the state "scanning", and the sweep asks again.
"""

import contextlib
import logging
import shlex
import socket
import subprocess
from urllib.parse import urlsplit

from django.conf import settings

from conversations.files import storage
from conversations.models import Attachment

logger = logging.getLogger(__name__)

SECONDS = 60  # for one file
PIECE = 5  # files that one piece of the sweep checks
_BLOCK = 1 << 16
State = Attachment.State


class NoVerdict(Exception):
    """Raised if the scanner cannot be asked, or says something else than clean or dangerous."""


def first_state():
    """Return the state of a new file: ready, or waiting for the scanner if there is one."""
    return State.SCANNING if settings.FILE_SCANNER else State.READY


def check(attachment):
    """Have the scanner read the stored bytes of an Attachment that waits for it, and store its
    verdict as the state. Returns the Attachment; does nothing for one that does not wait."""
    if attachment.state != State.SCANNING:
        return attachment
    try:
        with storage.open_stored(attachment.stored.name) as file:
            attachment.state = _verdict(file)
    except (NoVerdict, OSError) as error:
        logger.warning("The scanner of files gave no verdict: %s. It is asked again.", error)
        return attachment
    # All that have these bytes, also a copy in another message.
    Attachment.objects.filter(stored_id=attachment.stored_id, state=State.SCANNING).update(
        state=attachment.state
    )
    return attachment


def check_piece():
    """Ask the scanner about a few files that wait for its verdict; return True if there may be
    more, False if there are none or it still gives no verdict."""
    if not settings.FILE_SCANNER:
        return False
    waiting = Attachment.objects.filter(state=State.SCANNING, stored__isnull=False)
    found = list(waiting.select_related("stored").defer("text").order_by("created_at")[:PIECE])
    checked = [check(attachment).state != State.SCANNING for attachment in found]
    return len(found) == PIECE and all(checked)


def _verdict(file):
    """Return the state that the scanner's verdict on `file` (open, at its beginning) means. Raises
    NoVerdict or OSError."""
    if settings.FILE_SCANNER.startswith("clamd:"):
        return _by_clamd(file)
    return _by_command(file)


def _by_command(file):
    """Ask the command, which reads the file on its standard input: 0 is clean, 1 is dangerous."""
    try:
        done = subprocess.run(  # noqa: S603 (the operator's own command)
            shlex.split(settings.FILE_SCANNER),
            input=file.read(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise NoVerdict("it took too long") from error
    verdict = {0: State.READY, 1: State.SUSPICIOUS}.get(done.returncode)
    if verdict is None:
        raise NoVerdict(f"it ended with {done.returncode}")
    return verdict


def _by_clamd(file):
    """Ask clamd at a socket of this machine (clamd:///PATH) or of another (clamd://HOST:PORT), by
    its command INSTREAM: blocks with their lengths before them, and an empty one at the end."""
    with contextlib.closing(_connect()) as connection:
        connection.sendall(b"zINSTREAM\0")
        try:
            while block := file.read(_BLOCK):
                connection.sendall(len(block).to_bytes(4, "big") + block)
            connection.sendall(bytes(4))
        except (BrokenPipeError, ConnectionResetError):
            # It hung up at its limit of size, and has said so.
            logger.debug("clamd took no more of a file.")
        answer = b""
        while len(answer) < 4_096 and (piece := connection.recv(4_096)):
            answer += piece
    said = answer.rstrip(b"\0\n").decode("utf-8", "replace")
    if said.endswith(" OK"):
        return State.READY
    if said.endswith(" FOUND"):
        return State.SUSPICIOUS
    if "size limit exceeded" in said:
        return State.TOO_LARGE_TO_SCAN
    raise NoVerdict(f"it said {said[:100]!r}")


def _connect():
    """Return a connection to clamd. Raises OSError."""
    address = urlsplit(settings.FILE_SCANNER)
    if address.hostname:
        return socket.create_connection((address.hostname, address.port or 3310), SECONDS)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(SECONDS)
    try:
        connection.connect(address.path)
    except BaseException:
        connection.close()
        raise
    return connection
