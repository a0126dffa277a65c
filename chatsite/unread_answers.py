"""Back-pressure: a limit, for each client, of the bytes of answers that were made and that it has
not read yet; beyond it its next answer is not begun.

An answer is handed to the connection in parts, each after the one before was sent. So a client that
reads nothing leaves a page of 4 MB in memory, and thirty of its connections left 200 MB.
"""

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from django.conf import settings

from chatsite.share import LEAST, share_of

PREAMBLE = 1_000  # bytes that may go before an answer is made, such as the header of gzip
# Pieces of at most so many bytes are not counted: a connection holds one, and an event stream sends
# twelve a second, whose counting took a twentieth of what a reply costs.
SMALL = 4_000


class UnreadAnswers:
    """Counter of the bytes of unread answers, by requester; used on the event loop.

    A requester is a string of `requester.requester_of`. `has_changed` is a function without
    parameters that is called when bytes were read, so that an answer that waits can be begun.
    """

    def __init__(self):
        self._held = Counter()
        self._made = Counter()
        self._turns = WeakValueDictionary()
        self._read = asyncio.Event()
        self.has_changed = lambda: None

    def has_room(self, requester):
        """Return True if a further answer to `requester` may be begun. Its unread bytes must be
        below its share of ANSWER_MEMORY; if those of all requesters fill ANSWER_MEMORY, it must
        have no unread bytes. Fewer than LEAST of its answers may be in the making, whose size is
        not known yet."""
        if self._made.get(requester, 0) >= LEAST:
            return False
        held = self._held.get(requester, 0)
        if not held:
            return True
        most = settings.ANSWER_MEMORY
        return held < share_of(most) and self._held.total() < most

    async def room(self, requester):
        """Wait until a further answer to `requester` may be begun, as `has_room` says."""
        while not self.has_room(requester):
            self._read.clear()
            await self._read.wait()

    @asynccontextmanager
    async def turn(self, requester):
        """Async context manager: entering it waits until a further answer to `requester` may be
        begun and no other caller for that requester is inside. For answers that are made in several
        steps; within it the caller has to count the answer by `Unread.hold`."""
        async with self._turns.setdefault(requester, asyncio.Lock()):
            await self.room(requester)
            yield

    def change(self, requester, size):
        """Add `size` bytes to what `requester` has not read; a negative `size` was read."""
        _add(self._held, requester, size)
        if size < 0:
            self._notify()

    def change_made(self, requester, number):
        """Add `number` to the count of answers to `requester` that are being made, whose size is
        not known yet."""
        _add(self._made, requester, number)
        if number < 0:
            self._notify()

    def _notify(self):
        """Wake the coroutines that wait in `room`, so that each checks again whether there is room,
        and call `has_changed`."""
        self._read.set()
        self.has_changed()


def _add(counter, name, number):
    """Add `number` to `counter[name]` (a Counter); delete the name if that makes it zero."""
    counter[name] += number
    if not counter[name]:
        del counter[name]


# Of this process.
unread_answers = UnreadAnswers()


class Unread:
    """Count of the bytes of one answer to `requester` that are held in memory until the client has
    read them."""

    def __init__(self, requester):
        self._requester = requester
        self._size = 0
        self._is_begun = False

    def has_room(self):
        """Return True if the answer may be begun now, as `UnreadAnswers.has_room` says."""
        return unread_answers.has_room(self._requester)

    def begin(self):
        """Count the answer as one that is being made, of unknown size, until `hold` is called with
        more than PREAMBLE bytes, or `end_making` or `close` is called."""
        self._is_begun = True
        unread_answers.change_made(self._requester, 1)

    def assign_to(self, requester):
        """Count the answer for `requester` from now on, in place of the one that it was counted for
        before: whose it is may be known only once it was made."""
        if requester == self._requester:
            return
        was_begun, size = self._is_begun, self._size
        self.close()
        self._requester = requester
        self.hold(size)
        if was_begun:
            self.begin()

    def close(self):
        """Count nothing of the answer from now on: the client has read it, or has left."""
        self.end_making()
        self.hold(0)

    def end_making(self):
        """Count the answer no longer as one that is being made."""
        if self._is_begun:
            self._is_begun = False
            unread_answers.change_made(self._requester, -1)

    def hold(self, size):
        """Count `size` bytes for the answer from now on, instead of what was counted for it before;
        none if they are at most SMALL. If they are more than PREAMBLE, it is no longer counted as
        being made."""
        counted = size if size > SMALL else 0
        if counted != self._size:
            change, self._size = counted - self._size, counted
            unread_answers.change(self._requester, change)
        if size > PREAMBLE:
            self.end_making()

    async def room(self):
        """Wait until a further part of the answer may be made, as `UnreadAnswers.has_room` says of
        a further answer."""
        await unread_answers.room(self._requester)

    def turn(self):
        """Return the async context manager `UnreadAnswers.turn` for the requester of the answer."""
        return unread_answers.turn(self._requester)
