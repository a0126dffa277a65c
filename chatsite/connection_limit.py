"""Limit of open connections of one worker: how many at a time, and how many from one address.

One more than that takes the place of a connection that waits idle for a request. If none is idle,
the new one is accepted all the same, for one request within seconds: a health check is answered,
anything else gets 503. So a flood of connections neither takes all file descriptors nor hides that
the process is up.
"""

from collections import Counter, OrderedDict

SPARE = 50  # connections beyond the limit, at a time
ANY = None  # the address of all connections where addresses are not counted


class ConnectionLimit:
    """Registry of a worker's open connections, which allows `most` in all and `most_of_address`
    from each address (None: no limit per address, for a worker behind a proxy, whose address all
    connections have).

    A connection is any object with the attributes `address` (text, as `network_of` returns it),
    `is_idle` (True while it waits for a request) and `is_spare` (set here: True if it is beyond the
    limit), and the method `abort()`.
    """

    def __init__(self, most, most_of_address=None):
        self._most = most
        self._most_of_address = most_of_address
        # Oldest first; a set in the order in which they came.
        self._open = OrderedDict()
        self._spare = OrderedDict()
        self._of_address = Counter()

    def add(self, connection):
        """Add a new connection. If that is one too many, abort an idle one in its place, else mark
        it with `is_spare`."""
        address = connection.address
        too_many_of_address = (
            self._most_of_address is not None and self._of_address[address] >= self._most_of_address
        )
        if too_many_of_address or len(self._open) >= self._most:
            idle = self._idle(address if too_many_of_address else ANY)
            if idle is None:
                self._add_spare(connection)
                return
            self.remove(idle)
            idle.abort()
        connection.is_spare = False
        self._open[connection] = True
        self._of_address[address] += 1

    def remove(self, connection):
        """Remove a connection that has ended; nothing happens if it was removed before."""
        if self._spare.pop(connection, None) is None and self._open.pop(connection, None):
            self._of_address[connection.address] -= 1
            if not self._of_address[connection.address]:
                del self._of_address[connection.address]

    def _idle(self, address):
        """Return the oldest idle connection from `address`; None if none is idle. For ANY: among
        the idle connections, the oldest from the address that has the most open ones."""
        idle = (each for each in self._open if each.is_idle and address in (ANY, each.address))
        # `max` returns the first of equals, and they come oldest first.
        return max(idle, key=lambda each: self._of_address[each.address], default=None)

    def _add_spare(self, connection):
        """Register a connection beyond the limit and set its `is_spare`. There may be SPARE of
        these: if there are, the oldest of them is aborted first."""
        connection.is_spare = True
        if len(self._spare) >= SPARE:
            oldest, _true = self._spare.popitem(last=False)
            oldest.abort()
        self._spare[connection] = True
