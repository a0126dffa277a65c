"""TCP proxy between a server and its PostgreSQL, by which tests make connections fail."""

import contextlib
import socket
import threading

import pytest
from django.db import connection


class Cable:
    """TCP proxy on a free loopback `port`, which passes connections on to a PostgreSQL on another.

    `pull` cuts all connections and refuses new ones, as a stopped database does, until `plug`.
    `freeze` accepts bytes and forwards none, as a machine that hangs does, until `thaw`. `strand`
    does the same for ever, but only to the connections open at that moment, as a proxy whose
    database moved. The address stays the same throughout.

    `cut_at(first, second)` and `freeze_at(first, second)` act once, when the bytes `second` are
    sent to the database after the bytes `first` on the same connection. `cut_at` forwards them and
    then loses the connection, with the database's answer; `freeze_at` freezes before forwarding
    them.
    """

    def __init__(self, port):
        self.target = ("127.0.0.1", port)
        self.port = 0
        self._listener = None
        self._ends = set()
        self._lock = threading.Lock()
        self._flows = threading.Event()
        self._flows.set()
        self._trap = None
        self._cuts = False
        self._lost = set()
        self._stranded = set()
        self.plug()

    def cut_at(self, *trap):
        """Cut the connection on which the two byte strings `trap` are sent, one after the other:
        the database gets them, but its answer is lost."""
        self._trap, self._cuts = trap, True

    def freeze_at(self, *trap):
        """Freeze all connections when the two byte strings `trap` are sent on one of them, one
        after the other."""
        self._trap, self._cuts = trap, False

    def plug(self):
        """Start to accept connections, on the same port as before."""
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=100)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def pull(self):
        """Close the port and all connections."""
        if self._listener is None:
            return
        # Only shutdown wakes the thread that waits in accept.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._listener = None
        with self._lock:
            ends, self._ends = self._ends, set()
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def freeze(self):
        """Forward nothing more on any connection, until `thaw`."""
        self._flows.clear()

    def strand(self):
        """Forward nothing more on the connections that are open now; later ones work."""
        with self._lock:
            self._stranded |= self._ends

    def thaw(self):
        """Forward what was held back since `freeze`, and what comes after it."""
        self._flows.set()

    def _springs(self, said):
        """Return True if `said`, the latest bytes of one direction of a connection, contain the
        first byte string of the trap and, after it, the second."""
        first, second = self._trap
        return second in said[said.find(first) :] if first in said else False

    def _accept(self, listener):
        while True:
            try:
                near, _address = listener.accept()
            except OSError:
                return
            far = socket.create_connection(self.target)
            with self._lock:
                self._ends |= {near, far}
            for here, there in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=(here, there), daemon=True).start()

    def _pass_on(self, here, there):
        said = b""
        try:
            while data := here.recv(65536):
                if here in self._lost:
                    break
                said = said[-65536:] + data if self._trap else b""
                if self._trap and self._springs(said):
                    self._trap = None
                    if self._cuts:
                        self._lost.add(there)
                    else:
                        self.freeze()
                self._flows.wait()
                if here not in self._stranded:
                    there.sendall(data)
        except OSError:
            pass
        for end in (here, there):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._ends -= {here, there}
        here.close()


@pytest.fixture
def cable(db):
    """Return a Cable to the PostgreSQL of the tests; a server whose DATABASE_URL has the Cable's
    `port` connects through it. Thawed and closed after the test."""
    cable = Cable(int(connection.settings_dict["PORT"]))
    yield cable
    cable.thaw()
    cable.pull()
