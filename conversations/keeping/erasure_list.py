"""List of erasures: the file ERASURES_FILE, outside of the database. With it the server, when it
starts, finds erased people whom an older backup of the database has brought back, and erases them
again.

Each line is a JSON object with the person's id, a fingerprint of the account and the pseudonym; it
has no names.
"""

import json
import os

from django.conf import settings

from conversations.models import Erasure, Person


def append(erasure):
    """Append a line for the Erasure `erasure` to ERASURES_FILE, unless there is one already, and
    flush it to the disk. Raise OSError if the file cannot be written."""
    line = {
        "person": erasure.person_id,
        "fingerprint": erasure.fingerprint,
        "pseudonym": erasure.pseudonym,
    }
    if line in read():
        return
    written = json.dumps(line) + "\n"
    file = os.open(settings.ERASURES_FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(file, written.encode())
        os.fsync(file)
    finally:
        os.close(file)


def read():
    """Return the entries of ERASURES_FILE as a list of dicts with `person` (id), `fingerprint` and
    `pseudonym`; [] if there is no file. Lines that cannot be read, such as one that was cut off
    when the disk was full, are skipped."""
    found = []
    if settings.ERASURES_FILE.exists():
        for line in settings.ERASURES_FILE.read_text(errors="replace").splitlines():
            try:
                entry = json.loads(line)
                found.append({name: entry[name] for name in ("person", "fingerprint", "pseudonym")})
            except (ValueError, KeyError, TypeError):
                continue
    return found


def returned():
    """Return `[(Person, pseudonym)]` for erased people whose account exists again, since a backup
    was restored. An account of the same id but another fingerprint is somebody else's and left
    out."""
    listed = {entry["person"]: entry for entry in read() if isinstance(entry["person"], int)}
    found = []
    for person in Person.objects.filter(pk__in=listed):
        entry = listed[person.pk]
        if Erasure.fingerprint_of(person) == entry["fingerprint"]:
            found.append((person, entry["pseudonym"]))
    return found
