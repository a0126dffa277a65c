"""Pictures in base64 within the body of a response: taken off the stream as they arrive, decoded
and kept in temporary files, with a short reference in the JSON in their place.

A picture of 10 MB is a frame of 13 MB, which gateways send twice. Parsed like any other frame it
would be in memory several times, and hold up the event loop meanwhile.

Over 300 lines since finding, decoding and limiting are states of one scanner of bytes.
"""

import base64
import binascii
import re
import tempfile
import threading
from pathlib import Path
from typing import IO, Literal

# Limits of their own, for what is longer than any other frame may be.
LONGEST_PICTURE = 64 * 1024 * 1024  # characters of base64 of one picture
MOST_PICTURE_BYTES = 512 * 1024 * 1024  # characters of base64 of one response, repetitions included
MOST_PICTURES = 200  # of one response, repetitions included
# A text in base64 that is shorter stays in the JSON.
SHORTEST = 2_048  # characters
# Bytes that may wait to be written: each writing is a change of thread.
WRITTEN_AT_ONCE = 256 * 1024

Fault = Literal["", "broken", "too_large", "disk_full"]

# The beginning of a JSON string that may be a picture. Within a string, as of a text that the model
# writes, quotes are escaped, so that this matches only members of JSON objects.
_START = re.compile(
    rb'"(?:result|b64_json|imageB64|(?P<unwanted>partial_image_b64))"[ \t]{0,4}:[ \t]{0,4}"'
    rb'|"(?:url|image_url|imageUrl)"[ \t]{0,4}:[ \t]{0,4}"data:image/[a-z0-9.+-]{1,20};base64,'
)
_WORDS = (b"result", b"b64", b"B64", b"base64,")
_LONGEST_START = 80
# What an encoder of JSON makes of base64, which may have line ends.
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/=_-]|\\[/nr])*\\?")
# Before the base64 of a `result`, as some relays send it.
_PREFIX = re.compile(rb"data:image/[a-z0-9.+-]{1,20};base64,")
_LONGEST_PREFIX = 60
_ESCAPES = re.compile(rb"\\[/nr]")
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_REFERENCE = re.compile(r"(?:data:image/[a-z0-9.+-]{1,20};base64,)?picture:([0-9]{6})")
_DATA_URL = re.compile(r"data:image/[a-z0-9.+-]{1,20};base64,", re.IGNORECASE)


class ReceivedPicture:
    """Picture that came with a response, in a temporary file without a name.

    `fault` says why there is none: "broken" (no base64, or cut off), "too_large", "disk_full"; ""
    for a whole picture. The receiver calls `take`; a file that nobody takes is closed with the
    response.
    """

    def __init__(self) -> None:
        """Create a picture of which nothing has come yet."""
        self.fault: Fault = ""
        self.received = 0
        self._file: IO[bytes] | None = None
        self._rest = b""
        self._closed = False
        # It is written in a thread, and may be closed by the event loop meanwhile.
        self._lock = threading.Lock()

    def take(self) -> IO[bytes] | None:
        """Return the open file with the picture's bytes, for the caller to close; None if there is
        a `fault`."""
        file, self._file = self._file, None
        if self.fault and file is not None:
            file.close()
            return None
        return file

    def close(self) -> None:
        """Close and so delete the file, unless it was taken."""
        with self._lock:
            self._closed = True
            if self._file is not None:
                self._file.close()
                self._file = None

    def write(self, piece: bytes, folder: Path) -> None:
        """Decode `piece`, the next characters of base64 as they stand in JSON, and append the bytes
        to the file, which the first call creates in `folder`. Sets `fault` if that fails.
        Blocks."""
        with self._lock:
            if self.fault or self._closed:
                return
            text = self._rest + piece
            if b"\\" in text:
                text = _ESCAPES.sub(_unescaped, text)
            usable = len(text) - (len(text) - text.endswith(b"\\")) % 4 - text.endswith(b"\\")
            self._rest = text[usable:]
            self._append(text[:usable], folder)

    def end(self, folder: Path) -> None:
        """Decode the characters that `write` held back, append the bytes to the file (in `folder`)
        and rewind it; called once all of the picture has come. Sets `fault` if that fails.
        Blocks."""
        with self._lock:
            if self.fault or self._closed:
                return
            self._append(self._rest + b"=" * (-len(self._rest) % 4), folder)
            if self._file is None:
                self.fault = "broken"
            elif not self.fault:
                self._file.flush()
                self._file.seek(0)

    def _append(self, text: bytes, folder: Path) -> None:
        """Decode `text`, whole groups of four characters, and append it to the file."""
        if not text:
            return
        try:
            content = base64.b64decode(text.translate(_URL_SAFE), validate=True)
        except binascii.Error:
            self.fault = "broken"
            return
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(dir=folder)
            self._file.write(content)
        except OSError:
            self.fault = "disk_full"


def _unescaped(match: re.Match[bytes]) -> bytes:
    return b"/" if match[0] == b"\\/" else b""


class PictureFilter:
    """Filter for the bytes of one response, which takes pictures in base64 out of its JSON.

    Give it all bytes by `feed`, which returns them with a reference such as `picture:000001` in
    place of each picture. What was taken out waits in memory until `write` is called, in a thread,
    whenever `is_waiting`. `too_long` is True once the response has had more than MOST_PICTURES, or
    more than MOST_PICTURE_BYTES of them.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """`folder` is where temporary files are created; None keeps no picture."""
        self.too_long = False
        self._folder = folder
        self._pictures: list[ReceivedPicture] = []
        self._count = 0
        self._total = 0
        # The last bytes, in which the beginning of a picture may have begun.
        self._tail = b""
        # The beginning of a text that may turn out to be a picture; None outside of such.
        self._held: bytearray | None = None
        self._is_unwanted = False
        self._taking = False
        self._current: ReceivedPicture | None = None
        # Pieces to be written, None after the last of a picture.
        self._pending: list[tuple[ReceivedPicture, bytes | None]] = []
        self._pending_size = 0
        self._has_end = False

    def feed(self, data: bytes) -> bytes:
        """Return `data`, the next bytes of the response, with references in place of pictures; the
        beginning of what may be one is held back."""
        if self._held is None and not self._taking:
            window = self._tail + data
            # A loop: `any` took a fiftieth of all that a token costs.
            for word in _WORDS:
                if word in window:
                    break
            else:
                self._tail = window[-_LONGEST_START:]
                return data
        else:
            window = data
        at = len(window) - len(data)
        return b"".join(self._filtered(window, at))

    def finish(self) -> bytes:
        """Return the last bytes of the response, which were held back in case a picture began in
        them; a picture that is incomplete is ended as such."""
        held, self._held = self._held, None
        if self._taking:
            self._end_picture(is_whole=False)
        return bytes(held or b"")

    def picture_in(self, text: object) -> ReceivedPicture | None:
        """Return the ReceivedPicture for `text`, the value of a member that holds a picture: a
        reference, or a short picture in base64 (or a `data:` URL); None if it is nothing of the
        kind, or pictures are not kept."""
        if not isinstance(text, str) or self._folder is None:
            return None
        if reference := _REFERENCE.fullmatch(text):
            number = int(reference[1])
            return self._pictures[number] if number < len(self._pictures) else None
        short = _DATA_URL.sub("", text, count=1).encode("ascii", "replace")
        if not short or len(short) > 2 * SHORTEST or not _BASE64.fullmatch(short):
            return None
        picture = ReceivedPicture()
        self._pictures.append(picture)
        self._pending += [(picture, short), (picture, None)]
        self._has_end = True
        return picture

    @property
    def is_waiting(self) -> bool:
        """True if `write` should be called, before events of this response are used."""
        return self._has_end or self._pending_size >= WRITTEN_AT_ONCE

    def write(self) -> None:
        """Decode what waits, and append it to the pictures' files. Blocks; call it in a thread,
        while `feed` is not called."""
        pending, self._pending = self._pending, []
        self._pending_size, self._has_end = 0, False
        if self._folder is not None:
            for picture, piece in pending:
                if piece is None:
                    picture.end(self._folder)
                else:
                    picture.write(piece, self._folder)

    def close(self) -> None:
        """Close all pictures that nobody has taken."""
        for picture in self._pictures:
            picture.close()

    def _filtered(self, window: bytes, at: int) -> list[bytes]:
        """Return `window`, bytes of the response, from the index `at` on, in pieces and with
        references in place of the pictures."""
        out: list[bytes] = []
        searched = 0
        while at < len(window) and not self.too_long:
            if self._taking:
                at = searched = self._take(window, at, out)
            elif self._held is not None:
                at = searched = self._hold(window, at, out)
            elif (match := _START.search(window, searched)) is not None:
                out.append(window[at : match.end()])
                at = match.end()
                self._held = bytearray()
                self._is_unwanted = match["unwanted"] is not None
            else:
                out.append(window[at:])
                at = len(window)
        self._tail = window[max(searched, len(window) - _LONGEST_START) :]
        if self._taking or self._held is not None:
            self._tail = b""
        return out

    def _hold(self, window: bytes, at: int, out: list[bytes]) -> int:
        """Decide whether the JSON string that has begun is a picture, by its bytes in `window` from
        the index `at` on; return the index after those that were read. If it is none, the bytes
        held back are appended to `out`."""
        held = self._held
        if held is None:
            return at
        end = window.find(b'"', at)
        end = len(window) if end < 0 else end
        room = SHORTEST - len(held)
        held += window[at : min(end, at + room)]
        prefix = _PREFIX.match(held)
        text = held[prefix.end() :] if prefix else held
        fits = _BASE64.fullmatch(text) is not None
        may_fit = fits or (held.startswith(b"data:"[: len(held)]) and len(held) < _LONGEST_PREFIX)
        if len(held) < SHORTEST and may_fit and end == len(window) and not self._is_unwanted:
            return end
        self._held = None
        if self._is_unwanted or (fits and len(held) >= SHORTEST):
            self._begin_picture(bytes(text))
        else:
            out.append(bytes(held))
        return min(end, at + room)

    def _begin_picture(self, held: bytes) -> None:
        self._taking = True
        self._count += 1
        if self._count > MOST_PICTURES:
            self.too_long = True
        if not self._is_unwanted and self._folder is not None:
            self._current = ReceivedPicture()
            self._pictures.append(self._current)
        self._add(held)

    def _take(self, window: bytes, at: int, out: list[bytes]) -> int:
        """Take the bytes of the picture in `window` from the index `at` on; return the index after
        them. If the picture ends there, its reference and the quote that ends it are appended to
        `out`, and the index is after the quote."""
        end = window.find(b'"', at)
        is_whole = end >= 0
        end = len(window) if end < 0 else end
        # No string of JSON has a line end: the frame is over.
        if (cut := window.find(b"\n", at, end)) >= 0:
            end, is_whole = cut, False
        self._add(window[at:end])
        if end < len(window):
            number = len(self._pictures) - 1 if self._current is not None else 999_999
            out += (b"picture:%06d" % number, window[end : end + 1])
            self._end_picture(is_whole=is_whole)
            return end + 1
        return end

    def _add(self, piece: bytes) -> None:
        """Append `piece`, characters of base64, to the current picture."""
        self._total += len(piece)
        if self._total > MOST_PICTURE_BYTES:
            self.too_long = True
        picture = self._current
        if picture is None or picture.fault:
            return
        picture.received += len(piece)
        if picture.received > LONGEST_PICTURE:
            picture.fault = "too_large"
            return
        self._pending.append((picture, piece))
        self._pending_size += len(piece)

    def _end_picture(self, *, is_whole: bool) -> None:
        picture, self._current = self._current, None
        self._taking = False
        if picture is None:
            return
        if is_whole:
            self._pending.append((picture, None))
            self._has_end = True
        elif not picture.fault:
            picture.fault = "broken"
