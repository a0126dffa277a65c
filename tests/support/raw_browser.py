"""A browser by bare sockets, for what no client does on purpose."""

import socket
import struct
from urllib.parse import urlsplit

from tests.support.visitor import session_of


class Browser:
    """`person` at `server`, one connection; `session` saves making one."""

    def __init__(self, server, person=None, session=None):
        address = urlsplit(server.url)
        self.address = (address.hostname, address.port)
        self.session = session or (session_of(person) if person else "")
        self.socket = None

    def open(self, path, receive_buffer=None):
        """Ask for `path` and read nothing of the answer. With a small buffer the server soon
        cannot write on."""
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(30)
        self.socket.connect(self.address)
        self.send_head("GET", path)
        return self

    def send_head(self, method, path, **headers):
        """Send the head of a request; `headers` with underscores for hyphens."""
        lines = {"Host": f"{self.address[0]}:{self.address[1]}", "Connection": "close", **headers}
        if self.session:
            lines["Cookie"] = f"session={self.session}"
        head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())
        self.socket.sendall(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode())

    def connect(self):
        self.socket = socket.create_connection(self.address, timeout=30)
        return self

    def read_until(self, wanted):
        """Everything up to and including the bytes `wanted`, or all there was."""
        data = b""
        while wanted not in data:
            if not (chunk := self.socket.recv(65536)):
                break
            data += chunk
        return data

    def rest(self):
        """All that still comes; a connection that was reset ends it."""
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
        self.socket.close()

    def reset(self):
        """Leave as a machine does that lost its power and came back."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def half_close(self):
        """Say that nothing more will be sent, and stay."""
        self.socket.shutdown(socket.SHUT_WR)
