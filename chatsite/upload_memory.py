"""Memory for bodies of requests that have not arrived whole: a bound for a process, and a share of
it for each person or address.

Without it 200 clients that each send 3.9 MB of a form and then wait took 750 MB.
"""

from collections import Counter

from django.conf import settings

from chatsite.person_shares import LEAST, share_of


class NoMemory(Exception):
    """No more bytes may be held; `is_share` says that the client's own share is used up."""

    def __init__(self, is_share):
        super().__init__("share" if is_share else "process")
        self.is_share = is_share


class UploadMemory:
    """Counts the bytes of unfinished bodies; on the event loop of one process."""

    def __init__(self):
        self._held = Counter()

    def take(self, requester, size):
        """Count `size` more bytes for a requester of chatsite.person_shares. Raises NoMemory."""
        # Whatever the share is, a few forms at a time are always allowed.
        share = max(share_of(settings.UPLOAD_MEMORY), LEAST * settings.MAX_BODY)
        if self._held[requester] + size > share:
            raise NoMemory(is_share=True)
        if self._held.total() + size > max(settings.UPLOAD_MEMORY, share):
            raise NoMemory(is_share=False)
        self._held[requester] += size

    def give_back(self, requester, size):
        """Count `size` bytes less: the body is whole or given up."""
        self._held[requester] -= size
        if self._held[requester] <= 0:
            del self._held[requester]
