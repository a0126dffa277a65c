"""Write-only file in memory, through which a zip is sent to the browser while it is written."""

import io


class WriteBuffer(io.RawIOBase):
    """Write-only file in memory. `take` returns what was written since its last call."""

    def __init__(self):
        super().__init__()
        self._parts = []

    def writable(self):
        return True

    def write(self, data):
        self._parts.append(bytes(data))
        return len(data)

    def take(self):
        """Return the bytes that were written since the last call, and forget them."""
        parts, self._parts = self._parts, []
        return b"".join(parts)
