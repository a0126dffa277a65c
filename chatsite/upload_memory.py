"""Memory for request bodies that are still arriving: a limit for the process and one per client.

Without it 200 clients that each send 3.9 MB of a form and then wait took 750 MB.
"""

from collections import Counter

from django.conf import settings

from chatsite.share import LEAST, share_of


class NoMemory(Exception):
    """Raised if more bytes of unfinished request bodies would exceed a limit.

    `is_share` is True if it is the client's own share, False if it is the limit of the process.
    """

    def __init__(self, is_share):
        super().__init__("share" if is_share else "process")
        self.is_share = is_share


class UploadMemory:
    """Counter of the bytes of request bodies that are being received; used on the event loop."""

    def __init__(self):
        self._held = Counter()

    def take(self, requester, size):
        """Add `size` bytes for `requester`, a string of `requester.requester_of`. Raises
        NoMemory if that would exceed the requester's share or the limit of the process; nothing is
        added then."""
        # Whatever the share is, a few forms at a time are always allowed.
        share = max(share_of(settings.UPLOAD_MEMORY), LEAST * settings.MAX_BODY)
        if self._held[requester] + size > share:
            raise NoMemory(is_share=True)
        if self._held.total() + size > max(settings.UPLOAD_MEMORY, share):
            raise NoMemory(is_share=False)
        self._held[requester] += size

    def give_back(self, requester, size):
        """Subtract `size` bytes of `requester`, once their body has come whole or was given up."""
        self._held[requester] -= size
        if self._held[requester] <= 0:
            del self._held[requester]
