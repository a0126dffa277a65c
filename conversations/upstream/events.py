"""Event classes of one call to the gateway, the same for both APIs (Responses, chat completions).

A call yields, in this order: Attempt, then Headers once HTTP headers have arrived (both again for
each repeat), then any number of Started, Reasoning, Text and Replaced, and last exactly one
Finished or Failed.
"""

from dataclasses import dataclass, field
from typing import Literal

from .usage import Usage

Status = Literal["completed", "incomplete", "failed", "cancelled", "interrupted"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """Event: an HTTP request is about to be sent; `number` counts the requests of this call from 1.

    Usually there are at most three, and one more for a pooled connection that was closed already.
    """

    number: int


@dataclass(frozen=True, slots=True)
class Headers:
    """Event: the HTTP headers of an attempt have arrived.

    `request_id` is the gateway's id of the request, "" if it sends none.
    """

    http_status: int
    request_id: str


@dataclass(frozen=True, slots=True)
class Started:
    """Event: id and model of the response are known; sent again when more is known.

    `upstream_id` is the gateway's id of the response; each is "" while unknown.
    """

    upstream_id: str
    model: str


@dataclass(frozen=True, slots=True)
class Text:
    """Event: the next piece of the answer, to be appended to the earlier pieces."""

    text: str


@dataclass(frozen=True, slots=True)
class Reasoning:
    """Event: the next piece of the reasoning, to be appended to the earlier pieces."""

    text: str


@dataclass(frozen=True, slots=True)
class Replaced:
    """Event: the whole answer and reasoning so far, which replace all pieces sent before.

    Rare: what was sent as the answer turned out to be reasoning (a closing `</think>` without an
    opening one), or a summary arrived for reasoning that was sent raw.
    """

    text: str
    reasoning: str


@dataclass(frozen=True, slots=True)
class Finished:
    """Event: the end of a call that brought a response or a part of one; all text sent stays valid.

    `reason` says why the response is not complete, in the gateway's words (`content_filter`, …) or
    as one of: `max_output_tokens` (a token limit cut it), `too_long` (more characters than allowed
    here), and for status `interrupted` one of `cut`, `malformed`, `background` or a code of Failed.
    On a `completed` response `max_output_tokens` hints that the limit cut it all the same, and any
    other value is the gateway's `finish_reason`. `error_code` is a key of `error_codes.CODES`,
    `error_message` the gateway's own sentence; `refusal` is the text in which the model declines to
    answer.
    """

    status: Status
    reason: str = ""
    usage: Usage | None = None
    error_code: str = ""
    error_message: str = ""
    refusal: str = ""
    # The model called a function or a tool, which this site does not run.
    tool_note: bool = False
    phase: str = ""
    # The API and the framing it came in: "responses-stream", "chat-body" and so on.
    shape: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Failed:
    """Event: the end of a call that brought nothing of a response.

    `code` is a key of `error_codes.CODES`. `message` is plain text of at most 300 characters: the
    gateway's sentence, a summary such as "status 502, text/html", or the operating system's words
    for a connection error. `sent` is True if the request may have reached the gateway.
    `retry_after` is the seconds the gateway asks to wait, None if it does not say.
    """

    code: str
    message: str = ""
    http_status: int | None = None
    request_id: str = ""
    sent: bool = True
    retry_after: float | None = None


Event = Attempt | Headers | Started | Text | Reasoning | Replaced | Finished | Failed
