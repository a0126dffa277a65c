"""The client of `POST /v1/responses`: HTTP in, a few kinds of events out.

It knows no model of the database, no view and no Django.
"""

from .client import Upstream, UpstreamError, build_client
from .decoder import Decoder
from .demo import DemoTransport
from .error_codes import CODES, REFUSALS
from .events import (
    Attempt,
    Event,
    Failed,
    Finished,
    Headers,
    Reasoning,
    Replaced,
    Started,
    Text,
)
from .leading_thoughts import split_thoughts
from .usage import Usage

__all__ = [
    "CODES",
    "REFUSALS",
    "Attempt",
    "Decoder",
    "DemoTransport",
    "Event",
    "Failed",
    "Finished",
    "Headers",
    "Reasoning",
    "Replaced",
    "Started",
    "Text",
    "Upstream",
    "UpstreamError",
    "Usage",
    "build_client",
    "split_thoughts",
]
