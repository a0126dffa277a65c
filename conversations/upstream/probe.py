"""Probe of a gateway: sends a few short requests and reports whether it does what the site needs.

Each request asks for at most 16 tokens, the least that OpenAI accepts.
"""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass

from .client import Upstream, UpstreamError
from .events import Failed, Finished
from .probe_answer import MAXIMUM, Answer, ask
from .probe_files import document_part, picture_part

# Tokens beyond the limit that are tolerated before it counts as ignored.
TOLERANCE = 8

# Codes of a Row besides the CODES of a Failed.
PROBE_CODES = {
    "not_listed": "the model is not among those the gateway lists",
    "no_list": "the gateway lists no models",
    "no_text": "the answer had no text",
    "broken": "the answer broke off or failed; the message says how",
    "not_streamed": "a stream was asked for and a whole answer came",
    "held_back": "a stream came, but all of it at once",
    "not_whole": "a whole answer was asked for and a stream came",
    "no_usage": "the answer did not say how many tokens it took",
    "any_key": "a wrong key was accepted",
    "any_model": "a model that does not exist gave an answer",
    "limit_ignored": "the answer was longer than asked for",
    "tool_dropped": "the tool was accepted and nothing came of it",
    "tool_failed": "the tool was tried and failed",
    "include_refused": "the tool is accepted without what its include names",
    "not_asked": "not asked, because what went before failed",
}

NO_CONNECTION = {"bad_config", "connect", "tls", "timeout_connect"}
# Names of all rows, in the order in which `probe` yields them.
ROWS = (
    *("reachable", "key", "wrong_key", "models", "stream", "usage_stream", "growing"),
    *("first_token", "total", "limit", "history", "instructions", "effort", "unknown_model"),
    *("whole", "usage_whole", "images", "files"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """Finding of a probe about one feature of the gateway: one row of its report, named `name` (see
    ROWS).

    If `ok` is False, `essential` tells a failure (True) from something merely worth knowing. `code`
    is a key of PROBE_CODES or CODES, "" if all is well; `value` is a measurement as text: the API
    shape, a count, seconds or how an answer ended; `message` is the gateway's own sentence.
    """

    name: str
    ok: bool
    code: str = ""
    value: str = ""
    message: str = ""
    essential: bool = True


async def probe(upstream: Upstream, model: str) -> AsyncIterator[Row]:
    """Send the probe's requests to the gateway of `upstream`, an Upstream, and yield a Row for each
    finding, in the order of ROWS.

    `model` is the name of the model to ask. Without a connection, or with a refused key, nothing
    more is sent and the remaining rows have the code `not_asked`. "growing" is left out for an
    answer that was not streamed, "first_token" for one without text.
    """
    count = [_turn("user", "Count from one to fifty, in words.")]
    stream = limited = await ask(upstream, model, count)
    maximum: int | None = MAXIMUM
    if limited.code in ("unsupported", "refused"):
        # Perhaps it is the limit that is not taken.
        stream = await ask(upstream, model, count, maximum=None)
        maximum = None if isinstance(stream.end, Finished) else MAXIMUM
    failed = stream.end if isinstance(stream.end, Failed) else None
    asked = 1
    if failed and failed.code in NO_CONNECTION:
        yield _row("reachable", failed)
    else:
        yield Row("reachable", True)
        asked = 2
        if failed and failed.code == "unauthorized":
            yield _row("key", failed)
        else:
            yield Row("key", True)
            asked = len(ROWS)
    for name in ROWS[asked:]:
        yield Row(name, False, "not_asked")
    if asked < len(ROWS):
        return
    works = not stream.code
    hello = [_turn("user", "Say: pong")]
    wrong = upstream.with_key(f"sk-wrong-{secrets.token_hex(8)}")
    yield await _refused("wrong_key", "any_key", works, wrong, model, hello)
    yield await _models(upstream, model)
    for row in _stream_rows(stream):
        yield row
    yield _limit_row(limited, works)
    turns = [_turn("user", "Say: ping"), _turn("assistant", "ping"), _turn("user", "Again.")]
    yield _accepted("history", await ask(upstream, model, turns, maximum))
    steered = await ask(upstream, model, hello, maximum, instructions="Answer with one word.")
    yield _accepted("instructions", steered)
    effort = await ask(upstream, model, hello, maximum, reasoning={"effort": "low"})
    yield _accepted("effort", effort, essential=False)
    unknown = f"no-such-model-{secrets.token_hex(4)}"
    yield await _refused("unknown_model", "any_model", works, upstream, unknown, hello)
    whole = await ask(upstream, model, hello, maximum, stream=False)
    yield _shape_row("whole", whole, "-body", "not_whole", essential=False)
    yield _usage_row("usage_whole", whole)
    seen = [_question("What colour is this? One word.", picture_part())]
    yield _taken("images", await ask(upstream, model, seen, maximum), works)
    read = [_question("Which word does this file name? One word.", document_part())]
    yield _taken("files", await ask(upstream, model, read, maximum), works)


def _question(text: str, part: dict) -> dict:
    """Return a user's message, for the `input` of a request, with `text` and then `part`: a content
    part (dict) that holds a picture or a document."""
    return {
        "type": "message",
        "role": "user",
        "content": [{"type": "input_text", "text": text}, part],
    }


def _taken(name: str, answer: Answer, works: bool) -> Row:
    """Return the Row `name`: whether the gateway gave a proper `answer` to a request with a file.

    Its value is the number of input tokens: a gateway that silently drops files counts few. `works`
    is True if the gateway answers requests without files; else the code is "not_asked".
    """
    if not works:
        return Row(name, False, "not_asked", essential=False)
    used = answer.usage.input_tokens if answer.usage else None
    value = "" if used is None else str(used)
    return Row(name, not answer.code, answer.code, value, answer.message, essential=False)


def _stream_rows(stream: Answer) -> list[Row]:
    rows = [
        _shape_row("stream", stream, "-stream", "not_streamed", essential=True),
        _usage_row("usage_stream", stream),
    ]
    if not stream.code and stream.shape.endswith("-stream"):
        held = stream.came_at_once
        rows.append(Row("growing", not held, "held_back" if held else "", essential=False))
    if stream.first is not None:
        rows.append(Row("first_token", True, value=f"{stream.first:.2f}"))
    rows.append(Row("total", True, value=f"{stream.total:.2f}"))
    return rows


def _turn(role: str, content: str) -> dict:
    return {"type": "message", "role": role, "content": content}


async def _models(upstream: Upstream, model: str) -> Row:
    # A gateway need not list its models, and one may be used that is not listed.
    """Return the Row "models": whether the gateway lists the language model named `model`."""
    try:
        listed = await upstream.models()
    except UpstreamError as error:
        code = "no_list" if error.code in ("not_found", "not_api") else error.code
        return Row("models", False, code, message=error.message, essential=False)
    code = "" if model in listed else "not_listed" if listed else "no_list"
    return Row("models", not code, code, str(len(listed)), essential=False)


def _row(name: str, failed: Failed) -> Row:
    return Row(name, False, failed.code, message=failed.message)


def _accepted(name: str, answer: Answer, *, essential: bool = True) -> Row:
    """Return the Row `name`: its `ok` is True if `answer` has no error, so that the gateway accepts
    what the request tried (as instructions). `essential` says whether a failure counts as one
    (True) or is merely worth knowing."""
    return Row(name, not answer.code, answer.code, message=answer.message, essential=essential)


async def _refused(
    name: str, otherwise: str, works: bool, upstream: Upstream, model: str, turns: list[dict]
) -> Row:
    """Send `turns` (messages as dicts) to `model`, a request that a gateway should refuse, and
    return the Row `name`: `ok` is True if it was refused, with the error code as `value`.

    `otherwise` is the code of the Row if the gateway answered. `works` is True if the gateway
    answers proper requests; else a failure means nothing, nothing is sent, and the code is
    "not_asked".
    """
    if not works:
        return Row(name, False, "not_asked", essential=False)
    answer = await ask(upstream, model, turns)
    if isinstance(answer.end, Failed):
        return Row(name, True, value=answer.end.code, essential=False)
    return Row(name, False, otherwise, essential=False)


def _limit_row(limited: Answer, works: bool) -> Row:
    """Return the Row "limit": whether `limited`, the answer to a request with a limit of MAXIMUM
    tokens, kept to it, and how it ended. `works` is True if the gateway answers without a limit."""
    if limited.code:
        code = limited.code if works else "not_asked"
        return Row("limit", False, code, message=limited.message, essential=False)
    used = limited.usage.output_tokens if limited.usage else None
    # A word is a token at least.
    written = used if used is not None else len(limited.text.split())
    code = "limit_ignored" if written > MAXIMUM + TOLERANCE else ""
    return Row("limit", not code, code, limited.ending, essential=False)


def _shape_row(name: str, answer: Answer, ending: str, otherwise: str, *, essential: bool) -> Row:
    """Return the Row `name`: whether `answer` came streamed, or whole, as was asked for.

    `ending` is what `answer.shape` must end in, "-stream" or "-body"; `otherwise` is the Row's code
    if it does not. `essential` says whether a failed request counts as a failure of the probe.
    """
    if answer.code:
        return Row(name, False, answer.code, answer.shape, answer.message, essential)
    if not answer.shape.endswith(ending):
        return Row(name, False, otherwise, answer.shape, essential=False)
    return Row(name, True, value=answer.shape, essential=essential)


def _usage_row(name: str, answer: Answer) -> Row:
    """Return the Row `name` of the report: whether the gateway said how many tokens `answer` took.

    Its `value` is the total as text; its `code` is "no_usage" if the total is not known,
    "not_asked" if the request itself failed.
    """
    if answer.code:
        return Row(name, False, "not_asked", essential=False)
    if answer.usage is None or answer.usage.total_tokens is None:
        return Row(name, False, "no_usage", essential=False)
    return Row(name, True, value=str(answer.usage.total_tokens), essential=False)
