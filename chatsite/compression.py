"""Compression of responses with gzip, as Django middleware."""

import gzip
import io
import secrets

from django.middleware.gzip import GZipMiddleware


class Compression(GZipMiddleware):
    """Django's GZipMiddleware, except that each chunk of a streamed page is released once it is
    compressed: a slow client may take a minute to read the page."""

    def process_response(self, request, response):
        """Return `response` with its body compressed, if the client of `request` accepts gzip."""
        if response.streaming:
            pieces = response.streaming_content
        response = super().process_response(request, response)
        if response.streaming and response.has_header("Content-Encoding"):
            response.streaming_content = _compressed(pieces, self.max_random_bytes)
        return response


def _compressed(pieces, most_padding):
    """Yield the bytes of a gzip stream: its header, padded by a random number of bytes below
    `most_padding`, then the compressed iterable `pieces` (bytes)."""
    padding, buffer = "a" * secrets.randbelow(most_padding), io.BytesIO()
    with gzip.GzipFile(padding, "wb", compresslevel=6, fileobj=buffer, mtime=0) as compressing:
        yield _taken(buffer)
        for piece in pieces:
            compressing.write(piece)
            del piece
            if buffer.tell():
                yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer):
    """Return all bytes of `buffer` (an io.BytesIO), which is empty afterwards."""
    taken = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return taken


_gzip = Compression(lambda request: None)


def middleware(get_response):
    """Django middleware: return a handler that calls `get_response` and compresses the response
    with gzip.

    Streams that are not HTML pass as they are: of an event stream Django's gzip delivers only the
    first event. Each answer is padded by a random length and tokens of forms are masked anew for
    each page, so that lengths tell nothing of them (BREACH); a page that is drawn after its headers
    pads itself (conversations/views/early_headers.py). Static files are compressed when collected.
    """

    def handle(request):
        response = get_response(request)
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        if response.streaming and not is_page:
            return response
        return _gzip.process_response(request, response)

    return handle
