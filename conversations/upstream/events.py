"""Events of one call to the gateway: plain values, the same whichever API shape the gateway speaks.

A call gives, in this order: Attempt, then Headers once HTTP headers have arrived (both again for
each repeat), then any number of Started, Reasoning, Text and Replaced, and last exactly one
Finished or Failed.
"""

from dataclasses import dataclass, field
from typing import Literal

from .usage import Usage

Status = Literal["completed", "incomplete", "failed", "cancelled", "interrupted"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """An HTTP request that is about to be sent; `number` counts the requests of this call from 1.

    There are at most three, and one more where a pooled connection turned out to be closed.
    """

    number: int


@dataclass(frozen=True, slots=True)
class Headers:
    """The HTTP headers of an attempt have arrived: its status and the gateway's request id.

    `request_id` is "" where the gateway sends none.
    """

    http_status: int
    request_id: str


@dataclass(frozen=True, slots=True)
class Started:
    """The gateway's id of the response, and the model that writes it; again when more is known."""

    upstream_id: str
    model: str


@dataclass(frozen=True, slots=True)
class Text:
    """The next piece of the answer, to be appended to the pieces before it."""

    text: str


@dataclass(frozen=True, slots=True)
class Reasoning:
    """The next piece of the reasoning, to be appended to the pieces before it."""

    text: str


@dataclass(frozen=True, slots=True)
class Replaced:
    """The whole answer and the whole reasoning so far, in place of all pieces given before.

    Rare. It comes when what was given as the answer turned out to be reasoning (a closing
    `</think>` without an opening one), or when a summary arrives for reasoning that was given raw.
    """

    text: str
    reasoning: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of a call that brought at least something of a response; all given text stays.

    `reason` says why the response is not whole, in the gateway's words (`content_filter`, …) or
    in ours: `max_output_tokens` for every way of saying that a token limit cut it, `too_long`
    beyond our own limit, and for `interrupted` one of `cut`, `malformed`, `background` or a code
    of Failed. On a `completed` response `max_output_tokens` is a hint that the limit cut it all
    the same, and any other value is the gateway's `finish_reason`. `error_code` is one of
    `error_codes.CODES`, `error_message` the gateway's own sentence.
    """

    status: Status
    reason: str = ""
    usage: Usage | None = None
    error_code: str = ""
    error_message: str = ""
    refusal: str = ""
    # The model called a function or a tool, which nobody here runs.
    tool_note: bool = False
    phase: str = ""
    # The API and the framing it came in: "responses-stream", "chat-body" and so on.
    shape: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Failed:
    """The end of a call that brought nothing of a response.

    `code` is one of `error_codes.CODES`; `message` is the gateway's own sentence as plain text,
    at most 300 characters, or a summary such as "status 502, text/html", or the operating system's
    words for a connection error; `sent` says that the request may have reached the gateway;
    `retry_after` is how many seconds the gateway asks to wait.
    """

    code: str
    message: str = ""
    http_status: int | None = None
    request_id: str = ""
    sent: bool = True
    retry_after: float | None = None


Event = Attempt | Headers | Started | Text | Reasoning | Replaced | Finished | Failed
