"""Server-sent events, as bytes: https://html.spec.whatwg.org/multipage/server-sent-events.html.

httpx's own `aiter_lines` also splits on U+2028 and U+0085, which are legal inside JSON.
"""


class Frames:
    """Bytes in, the `(event name, data)` of each whole event out; may be cut anywhere.

    Lines end with LF, CRLF or CR; comments and other fields are passed over.
    """

    def __init__(self, longest: int) -> None:
        """`longest`, in bytes, limits a line and also the data of one event."""
        self.too_long = False
        self._longest = longest
        self._rest: list[bytes] = []
        self._rest_size = 0
        self._after_cr = False
        self._name = b""
        self._data: list[bytes] = []
        self._data_size = 0

    def feed(self, data: bytes) -> list[tuple[bytes, bytes]]:
        """Take what has been read and give the events that are now whole.

        From the first line or event that is too long on there are none; `too_long` is then true.
        """
        if b"\r" in data or self._after_cr:
            data = self._with_plain_line_ends(data)
        elif not self._rest_size and not self._data and data.endswith(b"\n\n"):
            # By far the most reads are one whole event: `event: name`, `data: {…}`.
            name, _, value = data.partition(b"\ndata:")
            if name.startswith(b"event:") and value.find(b"\n") == len(value) - 2:
                if b"\n" not in name and len(data) <= self._longest:
                    self._name = b""
                    return [(name[6:].strip(), value)]
        if b"\n" not in data:
            self._keep(data)
            return []
        if self._rest_size:
            data = b"".join((*self._rest, data))
        lines = data.split(b"\n")
        self._rest = []
        self._rest_size = 0
        rest = lines.pop()
        events = self._events(lines, may_be_too_long=len(data) > self._longest)
        self._keep(rest)
        return events

    def flush(self) -> list[tuple[bytes, bytes]]:
        """Give what the end left without its blank line, if anything."""
        return self.feed(b"\n\n")

    def _with_plain_line_ends(self, data: bytes) -> bytes:
        if self._after_cr and data:
            self._after_cr = False
            data = data.removeprefix(b"\n")
        if data:
            self._after_cr = data.endswith(b"\r")
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _keep(self, rest: bytes) -> None:
        if not rest or self.too_long:
            return
        self._rest.append(rest)
        self._rest_size += len(rest)
        if self._rest_size > self._longest:
            self.too_long = True

    def _events(self, lines: list[bytes], *, may_be_too_long: bool) -> list[tuple[bytes, bytes]]:
        events = []
        for line in lines:
            if self.too_long or (may_be_too_long and len(line) > self._longest):
                self.too_long = True
                return events
            if line.startswith(b"data:"):
                self._data.append(line[5:])
                self._data_size += len(line)
                self.too_long = self._data_size > self._longest
            elif not line:
                if self._data:
                    data = self._data
                    joined = data[0] if len(data) == 1 else _joined(data)
                    events.append((self._name, joined))
                    self._data = []
                    self._data_size = 0
                self._name = b""
            elif line.startswith(b"event:"):
                self._name = line[6:].strip()
        return events


def _joined(data: list[bytes]) -> bytes:
    return b"\n".join(line.removeprefix(b" ") for line in data)
