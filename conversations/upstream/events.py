"""Event classes of one call to the gateway, the same for both APIs (Responses, chat completions).

A call yields, in this order: Attempt, then Headers once HTTP headers have arrived (both again for
each repeat), then any number of Started and of events of items, and last exactly one Finished or
Failed. Items are the entries of the API's `output`, in their order: messages, reasoning, calls of
tools. An item is opened (ItemOpened), gets text (Text, Reasoning, rarely Replaced) or changes
(ItemChanged, Annotated), and is closed (ItemClosed), unless the response ends first. Other items
may come in between.
"""

from dataclasses import dataclass, field
from typing import Literal

from .billing import Billing
from .pictures import ReceivedPicture
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

    `upstream_id` is the gateway's id of the response, `model` the name of the language model, both
    "" while unknown. `service_tier` is the tier named so far, which the end may correct.
    """

    upstream_id: str
    model: str
    service_tier: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class ItemOpened:
    """Event: an item of the response has begun; sent once for each item, before all else of it.

    `index` numbers the items of a response, from 0, in the order in which they are opened. `item`
    is its JSON object as the gateway sent it, with at least a `type`; the text of a message or of
    reasoning follows in other events. `before` is the index of the item, opened earlier, before
    which this one stands in the response; None if it stands after all others.
    """

    index: int
    item: dict
    before: int | None = None


@dataclass(frozen=True, slots=True)
class ItemChanged:
    """Event: `changes` are members of the item `index` that have a new value, such as `status`."""

    index: int
    changes: dict


@dataclass(frozen=True, slots=True)
class Annotated:
    """Event: `annotation` (JSON object, such as a `url_citation`) belongs to the message `index`.

    Annotations of a message that is closed stand in its ItemClosed.
    """

    index: int
    annotation: dict


@dataclass(frozen=True, slots=True)
class ItemClosed:
    """Event: the item `index` is complete; `item` is its JSON object as the gateway sent it.

    In a message `content` has the text that was streamed, with its reference marks, without
    thoughts between tags, and all its annotations. Sent again if the gateway sends a fuller one.
    """

    index: int
    item: dict


@dataclass(frozen=True, slots=True)
class PictureReceived:
    """Event: `picture` has come for the item `index`, the call of a tool; sent once for each
    picture.

    The event comes before the ItemClosed, whose JSON does not have the picture. `output` is the
    picture's index in the call's `outputs`; None for the call's own `result`.
    """

    index: int
    picture: ReceivedPicture
    output: int | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """Event: the next piece of the answer, to be appended to the earlier pieces.

    `index` is the number of its item, a message; None for the blank line between two messages, of
    which there is an event of its own, so that the pieces of all items can simply be joined.
    """

    text: str
    index: int | None = 0


@dataclass(frozen=True, slots=True)
class Reasoning:
    """Event: the next piece of the reasoning, to be appended to the earlier pieces.

    `index` is the number of its item; None for the blank line between two items, as in Text.
    """

    text: str
    index: int | None = 0


@dataclass(frozen=True, slots=True)
class Replaced:
    """Event: `text` is the whole text so far of the item `index`, in place of all its pieces.

    Rare: what was sent as the answer turned out to be reasoning (a closing `</think>` without an
    opening one), which is then sent as an item of its own; or a summary arrived for reasoning that
    was sent raw.
    """

    text: str
    index: int = 0


@dataclass(frozen=True, slots=True)
class Finished:
    """Event: the end of a call that brought a response or a part of one; all text sent stays valid.

    `reason` says why the response is not complete, in the gateway's words (`content_filter`, …) or
    as one of: `max_output_tokens` (a token limit cut it), `too_long` (more characters than allowed
    here), and for status `interrupted` one of `cut`, `malformed`, `background` or a code of Failed.
    On a `completed` response `max_output_tokens` hints that the limit cut it all the same, and any
    other value is the gateway's `finish_reason`. `usage` is None if no tokens were reported.
    `error_code` is a key of `error_codes.CODES`, `error_message` the gateway's own sentence;
    `refusal` is the text in which the model declines to answer; `phase` is the field of that name
    in the last item that had it, such as "final_answer".
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
    # What the gateway says about the price of the call.
    billing: Billing = field(default_factory=Billing)
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


ItemEvent = ItemOpened | ItemChanged | Annotated | ItemClosed | Text | Reasoning | Replaced
Event = Attempt | Headers | Started | ItemEvent | PictureReceived | Finished | Failed
