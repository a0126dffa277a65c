"""A few short questions to a gateway, to see whether it does what the site needs."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from .client import Upstream, UpstreamError
from .events import Failed, Finished, Text
from .usage import Usage

ANSWER_SECONDS = 120.0

# What a code of a row can be besides those of a Failed.
PROBE_CODES = {
    "not_listed": "the model is not among those the gateway lists",
    "no_text": "the answer had no text",
    "broken": "the answer broke off or failed; the message says how",
    "not_streamed": "a stream was asked for and a whole answer came",
    "not_whole": "a whole answer was asked for and a stream came",
    "no_usage": "the answer did not say how many tokens it took",
    "not_asked": "not asked, because what went before failed",
}

NO_CONNECTION = {"bad_config", "connect", "tls", "timeout_connect"}


@dataclass(frozen=True, slots=True)
class Row:
    """One finding. `ok` false with `essential` false is worth a sentence, but no failure.

    `code` is of PROBE_CODES or CODES, "" where all is well; `value` is a shape, a count or a
    time in seconds; `message` is the gateway's own sentence.
    """

    name: str
    ok: bool
    code: str = ""
    value: str = ""
    message: str = ""
    essential: bool = True


@dataclass(frozen=True, slots=True)
class _Answer:
    end: Finished | Failed
    text: str
    first: float | None
    total: float

    @property
    def code(self) -> str:
        if isinstance(self.end, Failed):
            return self.end.code
        if self.end.status not in ("completed", "incomplete"):
            return self.end.error_code or "broken"
        return "" if self.text.strip() else "no_text"

    @property
    def message(self) -> str:
        if isinstance(self.end, Failed):
            return self.end.message
        return self.end.error_message or ("" if self.code == "" else self.end.reason)

    @property
    def usage(self) -> Usage | None:
        return self.end.usage if isinstance(self.end, Finished) else None

    @property
    def shape(self) -> str:
        return self.end.shape if isinstance(self.end, Finished) else ""


async def probe(upstream: Upstream, model: str) -> AsyncIterator[Row]:
    """Ask and give the findings one by one.

    In this order: reachable, key, models, whole, usage_whole, stream, usage_stream, first_token,
    total, history, instructions. Where the first question fails, the rest is `not_asked`.
    """
    listed, failed = await _models(upstream)
    whole = await _ask(upstream, model, [_turn("user", "Say: pong")], stream=False)
    first_failure = whole.end if isinstance(whole.end, Failed) else None
    reachable = not (first_failure and first_failure.code in NO_CONNECTION)
    yield _row("reachable", first_failure if not reachable else None)
    if not reachable:
        for name in ("key", "models", "whole", "stream", "history", "instructions"):
            yield Row(name, False, "not_asked")
        return
    refused = first_failure if first_failure and first_failure.code == "unauthorized" else None
    yield _row("key", refused)
    yield _models_row(listed, failed, model)
    yield _answer_row("whole", whole, "-body", "not_whole")
    yield _usage_row("usage_whole", whole)
    stream = await _ask(upstream, model, [_turn("user", "Count from one to five, in words.")])
    yield _answer_row("stream", stream, "-stream", "not_streamed")
    yield _usage_row("usage_stream", stream)
    if stream.first is not None:
        yield Row("first_token", True, value=f"{stream.first:.2f}")
    yield Row("total", True, value=f"{stream.total:.2f}")
    turns = [_turn("user", "Say: ping"), _turn("assistant", "ping"), _turn("user", "Again.")]
    history = await _ask(upstream, model, turns)
    yield Row("history", not history.code, history.code, message=history.message)
    steered = await _ask(
        upstream, model, [_turn("user", "Hello")], instructions="Answer with one word."
    )
    yield Row("instructions", not steered.code, steered.code, message=steered.message)


def _turn(role: str, content: str) -> dict:
    return {"type": "message", "role": role, "content": content}


async def _models(upstream: Upstream) -> tuple[list[str], UpstreamError | None]:
    try:
        return await upstream.models(), None
    except UpstreamError as error:
        return [], error


async def _ask(upstream: Upstream, model: str, turns: list[dict], **more: object) -> _Answer:
    body = {"model": model, "input": turns, "store": False, "stream": True, **more}
    began = time.monotonic()
    first = None
    text = ""
    end: Finished | Failed = Failed("lost")
    async for events in upstream.respond(body, total_timeout=ANSWER_SECONDS):
        for event in events:
            if isinstance(event, Text):
                text += event.text
                first = first or time.monotonic() - began
            elif isinstance(event, Finished | Failed):
                end = event
    return _Answer(end, text, first, time.monotonic() - began)


def _row(name: str, failed: Failed | None) -> Row:
    return Row(name, True) if failed is None else Row(name, False, failed.code, "", failed.message)


def _models_row(listed: list[str], failed: UpstreamError | None, model: str) -> Row:
    # A gateway need not list its models, and one may be used that is not listed.
    if failed:
        return Row("models", False, failed.code, message=failed.message, essential=False)
    known = model in listed
    return Row("models", known, "" if known else "not_listed", str(len(listed)), essential=False)


def _answer_row(name: str, answer: _Answer, ending: str, otherwise: str) -> Row:
    if answer.code:
        return Row(name, False, answer.code, answer.shape, answer.message)
    if not answer.shape.endswith(ending):
        return Row(name, False, otherwise, answer.shape, essential=False)
    return Row(name, True, value=answer.shape)


def _usage_row(name: str, answer: _Answer) -> Row:
    if answer.code:
        return Row(name, False, "not_asked", essential=False)
    if answer.usage is None or answer.usage.total_tokens is None:
        return Row(name, False, "no_usage", essential=False)
    return Row(name, True, value=str(answer.usage.total_tokens), essential=False)
