"""Memory for answers that were made and that their clients have not read yet: a share for each
client, beyond which its next answer is not begun.

An answer is handed to the connection in parts, each when the one before has left. So a client that
reads nothing leaves a page of 4 MB in memory, and thirty of its connections left 200 MB.
"""

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from django.conf import settings

from chatsite.person_shares import share_of
from chatsite.share import LEAST

PREAMBLE = 1_000  # bytes that may go before an answer is made, such as the header of gzip


class UnreadAnswers:
    """Counter of the bytes of unread answers, by requester; used on the event loop.

    A requester is a string of `person_shares.requester_of`. `has_changed` is a function without
    parameters that is called when bytes were read, so that an answer that waits can be begun.
    """

    def __init__(self):
        self._held = Counter()
        self._made = Counter()
        self._turns = WeakValueDictionary()
        self._read = asyncio.Event()
        self.has_changed = lambda: None

    def has_room(self, requester):
        """Return True if a further answer to `requester` may be begun: it has not left its share of
        ANSWER_MEMORY unread, nor anything if all requesters together fill ANSWER_MEMORY, and fewer
        than LEAST of its answers are being made, whose size is not known yet."""
        held = self._held[requester]
        if held >= share_of(settings.ANSWER_MEMORY) or self._made[requester] >= LEAST:
            return False
        return not held or self._held.total() < settings.ANSWER_MEMORY

    async def room(self, requester):
        """Wait until `requester` has room for a further answer (see `has_room`)."""
        while not self.has_room(requester):
            self._read.clear()
            await self._read.wait()

    @asynccontextmanager
    async def turn(self, requester):
        """Wait until `requester` has room, and let no other answer of theirs be made by `turn`
        until the context is left: for an answer that is made with pauses. By then it has to be
        counted (`Unread.hold`)."""
        async with self._turns.setdefault(requester, asyncio.Lock()):
            await self.room(requester)
            yield

    def change(self, requester, size):
        """Add `size` bytes to what `requester` has not read; a negative `size` was read."""
        _add(self._held, requester, size)
        if size < 0:
            self._has_room()

    def change_made(self, requester, number):
        """Add `number` to the answers to `requester` that were begun and not counted yet."""
        _add(self._made, requester, number)
        if number < 0:
            self._has_room()

    def _has_room(self):
        """Wake those that wait for room."""
        self._read.set()
        self.has_changed()


def _add(counter, name, number):
    """Add `number` to `counter[name]`; names of zero are dropped."""
    counter[name] += number
    if not counter[name]:
        del counter[name]


# Of this process.
unread_answers = UnreadAnswers()


class Unread:
    """The part of one answer to `requester` that is in memory and not read yet."""

    def __init__(self, requester):
        self._requester = requester
        self._size = 0
        self._is_begun = False

    def has_room(self):
        """Return True if the answer may be begun now, see `UnreadAnswers.has_room`."""
        return unread_answers.has_room(self._requester)

    def begin(self):
        """Count the answer as being made until `hold` says how large it is."""
        self._is_begun = True
        unread_answers.change_made(self._requester, 1)

    def assign_to(self, requester):
        """Count the answer for `requester` from now on: whose it is was not known before."""
        if requester == self._requester:
            return
        was_begun, size = self._is_begun, self._size
        self.close()
        self._requester = requester
        self.hold(size)
        if was_begun:
            self.begin()

    def close(self):
        """Count nothing of the answer any more: it was read, or its client has left."""
        self.end_making()
        self.hold(0)

    def end_making(self):
        """Count the answer no longer as being made; `hold` says this too."""
        if self._is_begun:
            self._is_begun = False
            unread_answers.change_made(self._requester, -1)

    def hold(self, size):
        """Count `size` bytes from now on, in place of what was counted for this answer before."""
        if size != self._size:
            change, self._size = size - self._size, size
            unread_answers.change(self._requester, change)
        if size > PREAMBLE:
            self.end_making()

    async def room(self):
        """Wait until the requester has room for a further part, see `UnreadAnswers.room`."""
        await unread_answers.room(self._requester)

    def turn(self):
        """Return the async context manager `UnreadAnswers.turn` for the requester."""
        return unread_answers.turn(self._requester)
