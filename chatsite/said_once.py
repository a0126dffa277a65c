"""Sentences for the log that only one of a server's processes writes, when all of them notice the
same.

gunicorn.conf.py imports this module in the master, so that the workers share its memory. Processes
of another server each have their own, and each write the sentence.
"""

import hashlib
import mmap

# What a sentence is about: the last one about each is remembered.
FAULT, STATIC_FILES, SETUP_CODE = range(3)

_SIZE = hashlib.sha256().digest_size
_last = mmap.mmap(-1, _SIZE * 3)


def is_new(subject, sentence):
    """Return True if `sentence` is not the last one that any of the server's processes gave this
    function about the `subject` (a constant above). "" means that all is well."""
    place = slice(subject * _SIZE, (subject + 1) * _SIZE)
    digest = hashlib.sha256(sentence.encode()).digest()
    if _last[place] == digest:
        return False
    _last[place] = digest
    return True


def forget():
    """Delete the sentences stored for all subjects, so that each counts as new; called when
    gunicorn's master starts anew."""
    _last[:] = bytes(len(_last))
