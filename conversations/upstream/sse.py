"""Server-sent events, as bytes: https://html.spec.whatwg.org/multipage/server-sent-events.html.

httpx's own `aiter_lines` also splits on U+2028 and U+0085, which are legal inside JSON.
"""


class Frames:
    """Parser of a server-sent event stream, fed in pieces, into `(event name, data)` of each event.

    Lines end with LF, CRLF or CR; comments and other fields are ignored. Some gateways separate
    events by one line end instead of a blank line: a `data:` line that begins an object, or is
    `[DONE]`, after one that ends an object begins an event of its own, for together the two could
    not be JSON.
    """

    def __init__(self, longest: int) -> None:
        """`longest`, in bytes, limits a line and also the data of one event."""
        self.too_long = False
        self._longest = longest
        self._rest: list[bytes] = []
        self._rest_size = 0
        self._after_cr = False
        self._name = b""
        # The name that was known when the last line of data came.
        self._data_name = b""
        self._data: list[bytes] = []
        self._data_size = 0

    def feed(self, data: bytes) -> list[tuple[bytes, bytes]]:
        """Parse `data`, the next bytes; return `(event name, data)` of each event that is complete.

        After a line or event longer than the limit nothing more is returned, and `too_long` is
        True.
        """
        if b"\r" in data or self._after_cr:
            data = self._with_plain_line_ends(data)
        elif not self._rest_size and not self._data and data.endswith(b"\n\n"):
            # By far the most reads are of whole events in two lines: `event: name`, `data: {…}`.
            events = _whole_events(data) if len(data) <= self._longest else None
            if events:
                self._name = b""
                return events
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
        """Return, at the end of the stream, the event without its final blank line, as a list.

        The list is empty if there is no such event.
        """
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
        events: list[tuple[bytes, bytes]] = []
        for line in lines:
            if self.too_long or (may_be_too_long and len(line) > self._longest):
                self.too_long = True
                return events
            if line.startswith(b"data:"):
                if self._data and self._begins_an_event(line):
                    events.append((self._data_name, _joined(self._data)))
                    self._data = []
                    self._data_size = 0
                self._data.append(line[5:])
                self._data_name = self._name
                self._data_size += len(line)
                self.too_long = self._data_size > self._longest
            elif not line:
                if self._data:
                    events.append((self._name, _joined(self._data)))
                    self._data = []
                    self._data_size = 0
                self._name = b""
            elif line.startswith(b"event:"):
                self._name = line[6:].strip()
        return events

    def _begins_an_event(self, line: bytes) -> bool:
        start = line[5:16].lstrip()
        if not start.startswith((b"{", b"[DONE]")):
            return False
        return self._data[0].lstrip()[:1] == b"{" and self._data[-1].rstrip()[-1:] == b"}"


def _whole_events(data: bytes) -> list[tuple[bytes, bytes]] | None:
    """Return `(event name, data)` of each event in `data`, which ends in a blank line; None unless
    each event is one `event:` line followed by one `data:` line."""
    events: list[tuple[bytes, bytes]] = []
    for event in data[:-2].split(b"\n\n"):
        name, _, value = event.partition(b"\ndata:")
        if not (value and name.startswith(b"event:")) or b"\n" in name or b"\n" in value:
            return None
        events.append((name[6:].strip(), value))
    return events


def _joined(data: list[bytes]) -> bytes:
    if len(data) == 1:
        return data[0]
    return b"\n".join(line.removeprefix(b" ") for line in data)
