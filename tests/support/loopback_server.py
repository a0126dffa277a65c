"""Servers of Python's own library that run in a thread while a test goes on."""

import threading
from contextlib import contextmanager


@contextmanager
def serving(server):
    """Context manager: serve the requests of `server`, a socketserver.BaseServer that listens
    already, in a thread of its own. Yield it; at the end stop it and close its port."""
    # How often, in seconds, the server looks if it is to stop.
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
