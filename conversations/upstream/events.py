"""What a call to the gateway can tell us: plain values, the same for every dialect it may speak.

A call gives, in this order: Attempt, then Headers once an answer begins (both once more for each
repeat), then any number of Started, Reasoning and Text, and last exactly one Finished or Failed.
"""

from dataclasses import dataclass, field
from typing import Literal

from .usage import Usage

Status = Literal["completed", "incomplete", "failed", "cancelled", "interrupted"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """An HTTP request is about to be sent, the first, second or third of this call."""

    number: int


@dataclass(frozen=True, slots=True)
class Headers:
    """The answer to an attempt has begun: its HTTP status and the gateway's request id."""

    http_status: int
    request_id: str


@dataclass(frozen=True, slots=True)
class Started:
    """The gateway's id of the answer and the model that writes it; again when more is known."""

    upstream_id: str
    model: str


@dataclass(frozen=True, slots=True)
class Text:
    """To be added to the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Reasoning:
    """To be added to the reasoning, summarised or raw, as the gateway gives it."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The answer is over; what came of it stays.

    `reason` says why it is not whole, in the gateway's words (`max_output_tokens`,
    `content_filter`, …) or ours (`too_long`; for `interrupted` one of `cut`, `malformed`,
    `background` or a code of Failed). On a `completed` answer `max_output_tokens` is a hint
    that the limit cut it all the same, and any other value is the gateway's `finish_reason`.
    `error_code` is one of the codes of Failed, `error_message` the gateway's own sentence.
    """

    status: Status
    reason: str = ""
    usage: Usage | None = None
    error_code: str = ""
    error_message: str = ""
    refusal: str = ""
    tool_note: bool = False
    phase: str = ""
    # How it came, which changes nothing about it: responses-stream, chat-body and so on.
    shape: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Failed:
    """The call failed and there is no answer.

    `code` is one of ours, listed in `failures.py`; `message` is the gateway's own sentence as
    plain text, at most 300 characters, or a summary such as "status 502, text/html"; `sent` says
    that the request may have reached the gateway; `retry_after` is in seconds, as asked for by it.
    """

    code: str
    message: str = ""
    http_status: int | None = None
    request_id: str = ""
    sent: bool = True
    retry_after: float | None = None


Event = Attempt | Headers | Started | Text | Reasoning | Finished | Failed
