"""HTTP client of an LLM gateway: sends `POST /v1/responses` and yields what comes back as events.

The package imports nothing of Django and of the site. Its callers are `conversations.replies` and,
for probes of a gateway and its list of models, `conversations.doctor` and management commands.
"""

from .billing import Billing
from .client import Upstream, UpstreamError, build_client
from .decoder import Decoder
from .demo import DemoTransport
from .error_codes import CODES, STATED
from .events import (
    Annotated,
    Attempt,
    Event,
    Failed,
    Finished,
    Headers,
    ItemChanged,
    ItemClosed,
    ItemEvent,
    ItemOpened,
    PictureReceived,
    Reasoning,
    Replaced,
    Started,
    Text,
)
from .leading_thoughts import split_thoughts
from .reference_marks import strip_reference_marks
from .usage import Usage

__all__ = [
    "CODES",
    "STATED",
    "Annotated",
    "Attempt",
    "Billing",
    "Decoder",
    "DemoTransport",
    "Event",
    "Failed",
    "Finished",
    "Headers",
    "ItemChanged",
    "ItemClosed",
    "ItemEvent",
    "ItemOpened",
    "PictureReceived",
    "Reasoning",
    "Replaced",
    "Started",
    "Text",
    "Upstream",
    "UpstreamError",
    "Usage",
    "build_client",
    "split_thoughts",
    "strip_reference_marks",
]
