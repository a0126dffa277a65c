"""Check of the storage of people's files: a file is written, read and deleted; and of the virus
scanner."""

import contextlib
import secrets
import uuid

from django.conf import settings
from django.db import DatabaseError
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from conversations.doctor.finding import OK, PROBLEM, WARNING, Finding
from conversations.files import machine_folders, scanner, storage


def check():
    """Return the list of Findings about the storage of files, and the scanner if there is one."""
    found = [_stored()]
    if settings.FILES_ARE_LOCAL and not settings.ON_SQLITE:
        found += _shared()
    if settings.FILE_SCANNER:
        found.append(_scanned())
    return found


def _stored():
    """Return the Finding about writing, reading and deleting a test file in the storage."""
    # A name like those of people's files, in two folders, which `delete` removes too.
    digits = uuid.uuid4().hex
    name, content = f"{digits[:2]}/{digits[2:4]}/{digits}", secrets.token_bytes(64)
    try:
        storage.write(name, content)
        try:
            came_back = storage.read(name) == content
        finally:
            storage.delete(name)
    except Exception as error:
        # Any exception: the client of a bucket has its own classes.
        return Finding(
            PROBLEM,
            format_lazy(_("Files cannot be stored: {why}"), why=_brief(error)),
            _("Check FILES_URL, its keys, and who may write there."),
        )
    if not came_back:
        return Finding(PROBLEM, _("A file that was stored came back with other content."))
    place = settings.FILES_FOLDER or settings.FILES["OPTIONS"]["bucket_name"]
    return Finding(
        OK, format_lazy(_("Files can be stored, read and deleted in {place}."), place=place)
    )


def _shared():
    """Return the list of Findings about files in a local folder while the database (PostgreSQL) can
    serve several machines: a PROBLEM if another machine uses another folder."""
    with contextlib.suppress(DatabaseError, OSError):
        machine_folders.look()
        if said := machine_folders.fault():
            return [Finding(PROBLEM, said)]
    return [
        Finding(
            OK,
            _("Files lie in a folder of this machine, as is right for one machine."),
            _("For several, set FILES_URL to a shared folder or a bucket."),
        )
    ]


def _scanned():
    """Return the Finding about the virus scanner, which is given a harmless text."""
    try:
        is_clean = scanner.finds_clean(b"A harmless text.\n")
    except (scanner.NoVerdict, OSError, ValueError) as error:
        return Finding(
            PROBLEM,
            format_lazy(_("The virus scanner gives no answer: {why}"), why=_brief(error)),
            _("New files wait until it does. Check FILE_SCANNER and its socket's permissions."),
        )
    if not is_clean:
        return Finding(
            WARNING,
            _("The virus scanner calls a harmless text dangerous."),
            _("Check FILE_SCANNER: exit status 0 is clean, 1 is not."),
        )
    return Finding(OK, _("The virus scanner answers."))


def _brief(error):
    """Return the class of the exception `error` and the first line of its message, of at most 200
    characters, as text for a sentence."""
    said = (str(error).splitlines() or [""])[0][:200]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
