"""Session of the requests library that limits the decompressed size of answers, for those of an
identity provider, the largest of which are its lists of keys."""

from requests import RequestException, Session
from requests.adapters import HTTPAdapter

LONGEST = 1_000_000  # bytes of an answer, unpacked


class TooLong(RequestException):
    """Raised if an answer has more than LONGEST bytes once it is decompressed."""


class _Adapter(HTTPAdapter):
    """HTTP adapter that reads each answer whole, up to LONGEST bytes; answers that redirect too."""

    def send(self, request, stream=False, **options):
        """Send `request` (a PreparedRequest) and return the `requests.Response` with its content
        read. Raise TooLong if that has more than LONGEST bytes. `options` are those of requests;
        `stream` is ignored, since nothing is left to be read later."""
        answer = super().send(request, stream=True, **options)
        content = bytearray()
        for part in answer.iter_content(16_384):
            content += part
            if len(content) > LONGEST:
                answer.close()
                raise TooLong(response=answer)
        answer._content = bytes(content)
        return answer


def bounded_session():
    """Return a `requests.Session` that raises TooLong for an answer of more than LONGEST bytes."""
    session = Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter())
    return session
