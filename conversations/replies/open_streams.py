"""The open event streams of a process: how many there may be, and what ends them."""

import threading
import time

from django.conf import settings

from chatsite.person_shares import share_of
from conversations.replies.revocation import no_longer_allowed


class TooManyStreams(Exception):
    """No further event stream is served by this process; `is_share` says that it is the person's
    own share that is used up."""

    def __init__(self, is_share):
        super().__init__("share" if is_share else "process")
        self.is_share = is_share


class Streams:
    """The watchers of all open streams. They come from any thread; the rest is the loop's."""

    def __init__(self):
        # No new ones are let in.
        self.closed = False
        self._watchers = set()
        self._door = threading.Lock()

    def __len__(self):
        return len(self._watchers)

    def admit(self, watcher):
        """Count one more; from any thread. Raises TooManyStreams."""
        with self._door:
            if self.closed or len(self._watchers) >= settings.MAX_STREAMS:
                raise TooManyStreams(is_share=False)
            person = watcher.viewer.person_id
            theirs = sum(each.viewer.person_id == person for each in self._watchers)
            if theirs >= share_of(settings.MAX_STREAMS):
                raise TooManyStreams(is_share=True)
            self._watchers.add(watcher)

    def leave(self, watcher):
        """Count one less: its stream has ended, or never began."""
        self._watchers.discard(watcher)

    async def pulse(self):
        """Comments for the silent, and an end for those that stopped reading."""
        now = time.monotonic()
        for watcher in list(self._watchers):
            if watcher.sending_since is not None:
                if now - watcher.sending_since > settings.STREAM_STALLED:
                    watcher.dismiss()
            elif now - watcher.sent_at > settings.STREAM_COMMENT:
                watcher.remind()

    async def check_access(self, lane):
        """End the streams of people who logged out or were deactivated."""
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
        """End all; their browsers ask again, and come to a process that serves on."""
        self.closed = True
        for watcher in list(self._watchers):
            watcher.dismiss()
