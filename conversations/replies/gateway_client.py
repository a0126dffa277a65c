"""HTTP client of the gateway that the settings name, or of the built-in demo model."""

from django.conf import settings

from conversations import upstream
from conversations.files import storage


def build_client():
    """Return a new client (upstream.Upstream) of the gateway in the settings, of the demo model if
    they name none; the caller closes it."""
    transport = None
    base_url = settings.OPENAI_BASE_URL
    if settings.DEMO:
        base_url = "http://demo.invalid/v1"
        transport = upstream.DemoTransport()
    return upstream.build_client(
        base_url,
        settings.OPENAI_API_KEY,
        headers=settings.UPSTREAM_HEADERS,
        connect_timeout=settings.UPSTREAM_CONNECT_TIMEOUT,
        read_timeout=settings.UPSTREAM_READ_TIMEOUT,
        longest_line=settings.UPSTREAM_LONGEST_LINE,
        longest_reply=settings.UPSTREAM_LONGEST_REPLY,
        picture_folder=storage.upload_folder(),
        transport=transport,
    )
