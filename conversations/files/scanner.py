"""Virus scanner: has the operator's program (FILE_SCANNER, a command or the daemon clamd at a
socket) check each uploaded file.

A file is neither sent nor shown until the scanner called it clean. If the scanner gives no answer,
the file keeps the state "scanning", and a periodic task asks again.
"""

import contextlib
import io
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
    """Raised if the virus scanner cannot be asked, or answers neither "clean" nor "dangerous"."""


def first_state():
    """Return the Attachment.State of a newly uploaded file: READY or, if a virus scanner is
    configured, SCANNING."""
    return State.SCANNING if settings.FILE_SCANNER else State.READY


def check(attachment):
    """Scan the stored bytes of `attachment`, if its state is SCANNING, for viruses; store the
    verdict as the `state` of all Attachments with these bytes that are in this state. Return
    `attachment`, which stays SCANNING if the scanner gives no verdict."""
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
    """Scan up to PIECE files that wait for the virus scanner. Return True if more may wait; False
    if there are none, no scanner is set, or it gave no verdict. Called as a periodic task."""
    if not settings.FILE_SCANNER:
        return False
    waiting = Attachment.objects.filter(state=State.SCANNING, stored__isnull=False)
    found = list(waiting.select_related("stored").defer("text").order_by("created_at")[:PIECE])
    checked = [check(attachment).state != State.SCANNING for attachment in found]
    return len(found) == PIECE and all(checked)


def finds_clean(content):
    """Return True if the virus scanner calls `content` (bytes) clean. Raise NoVerdict or OSError if
    it cannot be asked."""
    return _verdict(io.BytesIO(content)) == State.READY


def _verdict(file):
    """Return the Attachment.State that the virus scanner's verdict on `file` (a binary file at its
    beginning) means. Raise NoVerdict or OSError if there is no verdict."""
    if settings.FILE_SCANNER.startswith("clamd:"):
        return _by_clamd(file)
    return _by_command(file)


def _by_command(file):
    """Return the Attachment.State after running the command FILE_SCANNER with `file` on its
    standard input: exit status 0 is clean, 1 dangerous. Raise NoVerdict for any other status, or
    after SECONDS, OSError if the command cannot be run."""
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
    """Return the Attachment.State after sending `file` to clamd (clamd:///PATH or
    clamd://HOST:PORT) by its command INSTREAM: blocks with their lengths before them, and an empty
    one at the end. Raise NoVerdict for an answer that is not understood."""
    with contextlib.closing(_connect()) as connection:
        connection.sendall(b"zINSTREAM\0")
        try:
            while block := file.read(_BLOCK):
                connection.sendall(len(block).to_bytes(4, "big") + block)
            connection.sendall(bytes(4))
        except (BrokenPipeError, ConnectionResetError):
            # clamd hung up at its limit of size; its answer says so.
            logger.debug("clamd took no more of a file.")
        answer = _answer(connection)
    said = answer.rstrip(b"\0\n").decode("utf-8", "replace")
    if said.endswith(" OK"):
        return State.READY
    if said.endswith(" FOUND"):
        return State.SUSPICIOUS
    if "size limit exceeded" in said:
        return State.TOO_LARGE_TO_SCAN
    raise NoVerdict(f"it said {said[:100]!r}")


def _answer(connection):
    """Return the bytes that clamd answers on the socket `connection` until it closes that, or until
    there are 4,096. Raise ConnectionResetError if it resets the connection before any answer."""
    answer = b""
    try:
        while len(answer) < 4_096 and (piece := connection.recv(4_096)):
            answer += piece
    except ConnectionResetError:
        # clamd also resets a connection of which it left bytes unread, after it has answered.
        if not answer:
            raise
    return answer


def _connect():
    """Return a socket connected to clamd. Raise OSError if it cannot be reached."""
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
