"""The list of erasures: a file outside of the database, so that a restored backup, which is older,
does not bring an erased person back.

Each line is a JSON object: the number of the person, the fingerprint of the account and the
pseudonym. It names nobody. Every server looks at it when it starts and erases again whom it finds.
"""

import json
import os

from django.conf import settings

from conversations.models import Erasure, Person


def append(erasure):
    """Add a line for `erasure` to the file ERASURES_FILE, unless it has one; it is on the disk when
    this returns. Raises OSError if the file cannot be written."""
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
    """Return the lines of ERASURES_FILE as a list of dicts; lines that cannot be read, such as one
    that was cut off when a disk was full, are left out."""
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
    """Return `[(Person, pseudonym)]` of the people in the list whose account exists (again). The
    fingerprint tells them from somebody who was given the same number after the restore."""
    listed = {entry["person"]: entry for entry in read() if isinstance(entry["person"], int)}
    found = []
    for person in Person.objects.filter(pk__in=listed):
        entry = listed[person.pk]
        if Erasure.fingerprint_of(person) == entry["fingerprint"]:
            found.append((person, entry["pseudonym"]))
    return found
