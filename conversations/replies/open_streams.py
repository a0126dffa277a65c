"""Open event streams of a process: their limits, keep-alive comments, and what ends them."""

import threading
import time

from django.conf import settings

from chatsite.share import share_of
from conversations.replies.revocation import no_longer_allowed


class TooManyStreams(Exception):
    """Raised when a further event stream would exceed a limit of this process.

    `is_share` is True if the person has as many as one person may have, False if the process is
    full.
    """

    def __init__(self, is_share):
        super().__init__("share" if is_share else "process")
        self.is_share = is_share


class Streams:
    """Set of the Watchers of all event streams open in this process; its length is their number.

    `admit` may be called from any thread, all else on the event loop.
    """

    def __init__(self):
        # No new ones are let in.
        self.closed = False
        self._watchers = set()
        self._door = threading.Lock()

    def __len__(self):
        return len(self._watchers)

    @property
    def room(self):
        """The number of further event streams that this process may open now."""
        return 0 if self.closed else max(settings.MAX_STREAMS - len(self), 0)

    def admit(self, watcher):
        """Add a Watcher to the open streams. Raises TooManyStreams if a limit is reached."""
        with self._door:
            if not self.room:
                raise TooManyStreams(is_share=False)
            person = watcher.viewer.person_id
            theirs = sum(each.viewer.person_id == person for each in self._watchers)
            if theirs >= share_of(settings.MAX_STREAMS):
                raise TooManyStreams(is_share=True)
            self._watchers.add(watcher)

    def leave(self, watcher):
        """Remove a Watcher whose stream has ended or never began."""
        self._watchers.discard(watcher)

    async def pulse(self):
        """Send a comment (heartbeat) on each stream that was silent for STREAM_COMMENT seconds, so
        that proxies keep it open, and end each whose browser has read nothing for STREAM_STALLED
        seconds."""
        now = time.monotonic()
        for watcher in list(self._watchers):
            if watcher.sending_since is not None:
                if now - watcher.sending_since > settings.STREAM_STALLED:
                    watcher.dismiss()
            elif now - watcher.sent_at > settings.STREAM_COMMENT:
                watcher.remind()

    async def check_access(self, lane):
        """End the event streams of people who logged out, were deactivated or changed their
        password. `lane` is the Lane (database thread) in which that is read."""
        if not self._watchers:
            return
        watchers = {
            watcher: (watcher.viewer.session_key, watcher.viewer.person_id)
            for watcher in list(self._watchers)
        }
        refused = await lane.run(no_longer_allowed, set(watchers.values()))
        for watcher, viewer in watchers.items():
            if viewer in refused:
                watcher.dismiss()

    def dismiss_all(self):
        """End all streams and admit no more; their browsers reconnect, to another process."""
        self.closed = True
        for watcher in list(self._watchers):
            watcher.dismiss()
