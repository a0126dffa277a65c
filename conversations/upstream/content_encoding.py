"""Content encodings of a response body: gzip and deflate, unpacked in bounded pieces.

`identity` is what a stream is asked for, since compression makes proxies hold back what should be
shown at once; some compress all the same. Everything else (br, zstd, two encodings at once) is
refused: 1.7 kB of brotli were seen to become 2.1 GB.
"""

import zlib
from collections.abc import Iterator

import httpx

# Bytes of unpacked data at a time: what is decoded in one step of the event loop.
PIECE = 64 * 1024
LARGEST_UNPACKED = 64 * 1024 * 1024
# What zlib is told: a gzip header, or none of its own (see Unpacker).
_GZIP = 16 + zlib.MAX_WBITS


class UnpackedTooLarge(Exception):
    """A compressed body became more than LARGEST_UNPACKED bytes."""


class Unpacker:
    """The bytes of one compressed body, unpacked as they arrive."""

    def __init__(self, encoding: str) -> None:
        """`encoding` is the value of Content-Encoding. Raises httpx.DecodingError for another
        than gzip and deflate."""
        if encoding not in ("gzip", "x-gzip", "deflate"):
            raise httpx.DecodingError("a content encoding that was not asked for")
        self._gzip = encoding != "deflate"
        self._size = 0
        self._inflate = zlib.decompressobj(_GZIP if self._gzip else zlib.MAX_WBITS)
        self._begun = False

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """Yield what `data`, the next packed bytes, becomes: at most PIECE bytes at a time.

        Raises httpx.DecodingError for broken data and UnpackedTooLarge.
        """
        while True:
            piece = self._unpack(data)
            self._size += len(piece)
            if self._size > LARGEST_UNPACKED:
                raise UnpackedTooLarge
            if piece:
                yield piece
            if self._inflate.eof:
                # A gzip body may have several members, one after the other.
                data = self._inflate.unused_data
                if not data or not self._gzip:
                    return
                self._inflate = zlib.decompressobj(_GZIP)
            else:
                data = self._inflate.unconsumed_tail
                if not data and len(piece) < PIECE:
                    return

    def _unpack(self, data: bytes) -> bytes:
        try:
            piece = self._inflate.decompress(data, PIECE)
        except zlib.error:
            if self._gzip or self._begun:
                raise httpx.DecodingError("broken compression") from None
            # "deflate" is meant to have a header of zlib; some send it bare.
            self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
            self._begun = True
            return self._unpack(data)
        self._begun = self._begun or bool(piece)
        return piece
