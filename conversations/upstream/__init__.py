"""The client of `POST /v1/responses`: HTTP in, a few events of ours out."""

from .client import Upstream, UpstreamError, build_client
from .decoder import Decoder
from .demo import DemoTransport
from .events import (
    Attempt,
    Event,
    Failed,
    Finished,
    Headers,
    Reasoning,
    Started,
    Text,
)
from .failures import CODES
from .usage import Usage

__all__ = [
    "CODES",
    "Attempt",
    "Decoder",
    "DemoTransport",
    "Event",
    "Failed",
    "Finished",
    "Headers",
    "Reasoning",
    "Started",
    "Text",
    "Upstream",
    "UpstreamError",
    "Usage",
    "build_client",
]
