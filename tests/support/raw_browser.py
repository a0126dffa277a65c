"""HTTP client on a bare socket, for requests and disconnections that no HTTP library makes."""

import socket
import struct
from urllib.parse import urlsplit

from tests.support.visitor import session_of


class Browser:
    """HTTP client with one connection to a Server, logged in as `person` (None: not), or by
    `session`, the key of an existing session."""

    def __init__(self, server, person=None, session=None):
        address = urlsplit(server.url)
        self.address = (address.hostname, address.port)
        self.session = session or (session_of(person) if person else "")
        self.socket = None

    def open(self, path, receive_buffer=None):
        """Connect, send a GET for `path` and read nothing; return the Browser. With a small
        `receive_buffer` (bytes) the server's writes soon block."""
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(30)
        self.socket.connect(self.address)
        self.send_head("GET", path)
        return self

    def send_head(self, method, path, **headers):
        """Send the head of a request, with the cookie of the session; `headers` are named with
        underscores for hyphens."""
        lines = {"Host": f"{self.address[0]}:{self.address[1]}", "Connection": "close", **headers}
        if self.session:
            lines["Cookie"] = f"session={self.session}"
        head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())
        self.socket.sendall(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode())

    def connect(self):
        """Open the connection; return the Browser."""
        self.socket = socket.create_connection(self.address, timeout=30)
        return self

    def read_until(self, wanted):
        """Return the bytes received up to and including `wanted`, or all until the server closes.
        Raise TimeoutError after 30 seconds without any."""
        data = b""
        while wanted not in data:
            if not (chunk := self.socket.recv(65536)):
                break
            data += chunk
        return data

    def rest(self):
        """Return all bytes until the server closes or resets the connection, and close it."""
        data = b""
        try:
            while chunk := self.socket.recv(65536):
                data += chunk
        except ConnectionResetError:
            pass
        finally:
            self.socket.close()
        return data

    def close(self):
        """Close the connection in order."""
        self.socket.close()

    def reset(self):
        """Close the connection with a TCP reset (RST), as after a power failure of the client."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def half_close(self):
        """Close the sending half of the connection only, and go on receiving."""
        self.socket.shutdown(socket.SHUT_WR)
