"""The secrets of the configuration, the key and those in headers: whatever a gateway puts them
into, none is in an event, an error or the list of models."""

import asyncio
import json

import pytest

from conversations.upstream import build_client
from conversations.upstream.configured_secrets import configured_secrets
from tests.support.event_folding import ASKED

KEY = "sk-our-own-key-123"
HEADERS = {
    "X-Api-Token": "t0ken-of-the-relay",
    "Proxy-Authorization": "Basic bWU6aHVudGVyMmh1bnRlcjI=",
    "Cookie": "session=c00kie-of-the-relay; a=b",
    "X-Route": "route-7c1f4c9bb5d0a1e2",
    "X-Team": "research",
}
SECRETS = [
    KEY,
    "t0ken-of-the-relay",
    "bWU6aHVudGVyMmh1bnRlcjI=",
    "hunter2hunter2",
    "c00kie-of-the-relay",
    "route-7c1f4c9bb5d0a1e2",
]


def with_secret(secret):
    """Answers that have `secret` wherever a gateway says something of itself."""
    error = {"message": f"Not {secret}.", "code": secret, "type": secret}
    whole = {
        "id": secret,
        "model": f"model-{secret}",
        "status": "incomplete",
        "incomplete_details": {"reason": secret},
        "output": [
            {
                "type": "message",
                "role": "assistant",
                "phase": secret,
                "content": [{"type": "output_text", "text": "Hi"}],
            }
        ],
    }
    chat = {
        "id": secret,
        "model": secret,
        "choices": [{"message": {"content": "Hi"}, "finish_reason": secret}],
    }
    created = {"type": "response.created", "response": whole}
    return [
        {"body": whole, "headers": {"x-request-id": secret}},
        {"body": chat},
        {"chunks": [f"data: {json.dumps(created)}\n\n".encode()]},
        {"status": 400, "body": {"error": error}},
        {"status": 200, "body": "<p>", "headers": {"content-type": f"text/{secret}"}},
        {"status": 500, "body": "<p>", "headers": {"content-type": f"text/{secret}"}},
        {"status": 200, "body": {"error": error}},
    ]


@pytest.mark.parametrize("secret", SECRETS)
def test_no_event_holds_a_secret(gateway, secret):
    async def events(script):
        gateway.will(script)
        upstream = build_client(gateway.url, KEY, HEADERS)
        found = [event async for batch in upstream.respond(ASKED, attempts=1) for event in batch]
        await upstream.close()
        return found

    for script in with_secret(secret):
        found = asyncio.run(events(script))
        assert found
        assert secret not in repr(found), script


@pytest.mark.parametrize("secret", SECRETS)
def test_a_model_named_like_a_secret_is_not_listed(gateway, secret):
    async def models():
        upstream = build_client(gateway.url, KEY, HEADERS)
        try:
            return await upstream.models()
        finally:
            await upstream.close()

    gateway.models = ["good", secret, f"org/{secret}"]
    assert asyncio.run(models()) == ["good"]


def test_short_words_in_other_headers_are_no_secrets():
    assert configured_secrets("", {"X-Team": "research", "X-Env": "production-in-one-word"}) == []
