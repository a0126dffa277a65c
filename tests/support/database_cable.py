"""The cable between a server and its database, which a test may pull."""

import contextlib
import socket
import threading

import pytest
from django.db import connection


class Cable:
    """Passes connections to `port` on; `pull` cuts them all and refuses new ones, as a database
    does that stops; `plug` lets them in again. While it is frozen it takes what comes and passes
    nothing on, as a machine does that hangs. `strand` does so for ever, but only with the
    connections of now, as a proxy does whose database moved. The address stays the same.

    With a `trap`, a pair of bytes, it does something as soon as the second of them passes to the
    database on a connection on which the first has passed: after `cut_at` the database gets it, and
    the connection is lost with the answer; after `freeze_at` nothing gets it until `thaw`."""

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
        self._trap, self._cuts = trap, True

    def freeze_at(self, *trap):
        self._trap, self._cuts = trap, False

    def plug(self):
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=100)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def pull(self):
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
        self._flows.clear()

    def strand(self):
        with self._lock:
            self._stranded |= self._ends

    def thaw(self):
        self._flows.set()

    def _springs(self, said):
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
    """A Cable to the PostgreSQL that the tests run on, for a server to be started at its end."""
    cable = Cable(int(connection.settings_dict["PORT"]))
    yield cable
    cable.thaw()
    cable.pull()
