"""Check of the gateway: whether it answers, takes the key, and has the model."""

import asyncio
import contextlib
import secrets
import time

from django.conf import settings
from django.utils.translation import gettext as _

from conversations.doctor.finding import OK, PROBLEM, WARNING, Finding
from conversations.gateway_sentences.error_sentences import operator_sentence
from conversations.replies.gateway_client import build_client
from conversations.upstream import UpstreamError
from conversations.upstream.events import Failed, Finished

LIST_SECONDS = 8
WRONG_KEY_SECONDS = 5
CALL_SECONDS = 45
MAXIMUM = 16  # tokens of the answer, the least that OpenAI accepts
# A gateway need not have a list of its models; that says nothing about the key.
NO_LIST = ("not_found", "not_api")


def check(call=False, seconds=LIST_SECONDS):
    """Return the list of Findings about the configured gateway.

    Requests its list of models, for at most `seconds`; with `call` also a short answer of
    OPENAI_MODEL, which costs a few tokens that the ledger does not record. No Finding contains the
    API key. Must not be called in a thread with a running event loop.
    """
    if settings.DEMO:
        return [
            Finding(
                WARNING,
                _("No gateway is configured, so a demo model answers."),
                _("Set OPENAI_BASE_URL, OPENAI_API_KEY and OPENAI_MODEL."),
            )
        ]
    try:
        return asyncio.run(_check(call, seconds))
    except ValueError:
        return [_fault("bad_config")]


async def _check(call, seconds):
    client = build_client()
    try:
        found = [await _listed(client, seconds)]
        if call and found[0].level != PROBLEM:
            found.append(await _called(client))
        return found
    finally:
        await client.close()


async def _listed(client, seconds):
    """Return the Finding about the gateway's list of models, fetched by `client` (an Upstream)
    within `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            names = await client.models()
    except TimeoutError:
        return _fault("timeout_total", _("There was no answer within %s seconds.") % seconds)
    except UpstreamError as error:
        if error.code in NO_LIST:
            return Finding(
                WARNING,
                _("The gateway answers, but lists no models, so the key was not tried."),
                _("Try it with a short call: manage.py doctor gateway --call"),
            )
        return _fault(error.code, message=error.message)
    if settings.OPENAI_MODEL not in names:
        return Finding(
            WARNING,
            _("The gateway lists %(count)s models, and %(model)s is not among them.")
            % {"count": len(names), "model": settings.OPENAI_MODEL},
            _("Check OPENAI_MODEL, or try it: manage.py doctor gateway --call"),
        )
    said = _("The gateway lists %s models, OPENAI_MODEL among them.") % len(names)
    if settings.OPENAI_API_KEY and await _lists_for_anybody(client):
        return Finding(
            OK,
            said,
            _("Its list is open to any key, so the key was not tried: manage.py doctor --call"),
        )
    return Finding(OK, said)


async def _lists_for_anybody(client):
    """Return True if the gateway shows its list of models also to a key that does not exist;
    `client` is an Upstream."""
    with contextlib.suppress(UpstreamError, TimeoutError):
        async with asyncio.timeout(WRONG_KEY_SECONDS):
            await client.with_key(f"sk-wrong-{secrets.token_hex(8)}").models()
            return True
    return False


async def _called(client):
    """Return the Finding about a short call of OPENAI_MODEL by `client` (an Upstream)."""
    body = {
        "model": settings.OPENAI_MODEL,
        "input": [{"type": "message", "role": "user", "content": "Say: pong"}],
        "max_output_tokens": MAXIMUM,
        "store": False,
    }
    began, last = time.monotonic(), Failed("lost")
    answer = client.respond(body, total_timeout=CALL_SECONDS, attempts=1)
    async with contextlib.aclosing(answer) as batches:
        async for events in batches:
            last = events[-1]
    if isinstance(last, Finished) and last.status in ("completed", "incomplete"):
        return Finding(
            OK,
            _("%(model)s answered in %(seconds).1f seconds.")
            % {"model": settings.OPENAI_MODEL, "seconds": time.monotonic() - began},
        )
    if isinstance(last, Finished):
        return _fault(last.error_code or "model_failed", message=last.error_message)
    return _fault(last.code, message=last.message)


def _fault(code, said="", message=""):
    """Return the PROBLEM (a Finding) about the gateway's error `code`. `said` is the sentence to
    show ("": that of the code); `message`, added to it, is the text of the gateway or the system,
    from which the client has removed key and host."""
    said = said or operator_sentence(code) or _("The gateway refused the request.")
    if message:
        said = f"{said} ({message})"
    todo = _("Then try again; manage.py probe_gateway asks for more.")
    return Finding(PROBLEM, said, todo)
