"""Decompression of response bodies (gzip and deflate), with a limit on their size once unpacked,
against decompression bombs.

A stream is asked for with `Accept-Encoding: identity`, since compression makes proxies hold back
what should be shown at once; some compress all the same. Other encodings (br, zstd, two at once)
are refused: 1.7 kB of brotli were seen to become 2.1 GB.
"""

import zlib
from collections.abc import Iterator

import httpx

# Bytes of unpacked data at a time: what is decoded in one step of the event loop. Events of a
# hundred bytes, each for another item than the one before, take up to 3 µs a byte.
PIECE = 16 * 1024
LARGEST_UNPACKED = 64 * 1024 * 1024
# `wbits` of zlib.decompressobj for a body with a gzip header.
_GZIP = 16 + zlib.MAX_WBITS


class UnpackedTooLarge(Exception):
    """Error for a compressed body that became more than LARGEST_UNPACKED bytes."""


class Unpacker:
    """Decompressor of one response body, fed with bytes as they arrive."""

    def __init__(self, encoding: str) -> None:
        """`encoding` is the value of Content-Encoding, in lower case.

        Raises httpx.DecodingError unless it is gzip, x-gzip or deflate.
        """
        if encoding not in ("gzip", "x-gzip", "deflate"):
            raise httpx.DecodingError("a content encoding that was not asked for")
        self._gzip = encoding != "deflate"
        self._size = 0
        self._inflate = zlib.decompressobj(_GZIP if self._gzip else zlib.MAX_WBITS)
        self._begun = False

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """Decompress `data`, the next bytes of the body, and yield the result in pieces.

        A piece has at most PIECE bytes. Raises httpx.DecodingError for broken data and
        UnpackedTooLarge beyond LARGEST_UNPACKED bytes in all.
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
