"""Deduplication of log lines between the processes of a server: when all of them notice the same,
only one writes it.

gunicorn.conf.py imports this module in the master, so that its workers share the memory. The
processes of another server (without that import) each have their own, and each write the line.
"""

import hashlib
import mmap

# Subjects of sentences: of each the digest of the last sentence is stored.
FAULT, STATIC_FILES, SETUP_CODE = range(3)

_SIZE = hashlib.sha256().digest_size
_last = mmap.mmap(-1, _SIZE * 3)


def is_new(subject, sentence):
    """Return True if `sentence` differs from the one given in the last call about `subject` (FAULT,
    STATIC_FILES or SETUP_CODE), in any process of the server, and store it for the next call; else
    return False. As a sentence, "" stands for no fault."""
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
