"""How text looks on the page: people's as typed, a model's as Markdown."""

import re

import pytest

from conversations.models import Conversation
from tests.support.shared_servers import wish

pytestmark = pytest.mark.once


def article(page, role):
    [found] = re.findall(rf'<article[^>]*data-role="{role}".*?</article>', page.text, re.DOTALL)
    return found


@pytest.fixture
def shown(stage, visitor):
    """Sends a text and gives the page once the reply stands there."""

    def shown(text):
        response = visitor.ask(text)
        visitor.watch(response.pk)
        return visitor.get(Conversation.objects.get().get_absolute_url())

    return shown


def test_a_persons_message_is_shown_as_typed_with_links(shown):
    text = article(shown("**not bold**\n  <b>see</b> https://example.org/a?b=1&c=2."), "user")
    assert "**not bold**" in text
    assert "&lt;b&gt;see&lt;/b&gt;" in text
    assert 'href="https://example.org/a?b=1&amp;c=2"' in text
    assert text.count("not bold") == 1


def test_a_reply_is_markdown(shown):
    page = shown(wish(text="# Tea\n\nIt is **hot**, and <script>alert(1)</script> `cold`."))
    reply = article(page, "assistant")
    assert re.search(r"<h\d[^>]*>Tea</h\d>", reply)
    assert "<strong>hot</strong>" in reply
    assert "<code>cold</code>" in reply
    assert "<script" not in reply
    assert 'data-status="completed"' in reply


def test_thoughts_are_kept_and_folded(shown):
    page = shown(wish(text="Tea.", reasoning="They ask about <tea>."))
    thoughts = re.search(r"<details[^>]*>.*?</details>", article(page, "assistant"), re.DOTALL)[0]
    assert " open" not in thoughts.partition(">")[0]
    assert "They ask about &lt;tea&gt;." in thoughts


def test_what_a_reply_took_is_saved(stage, visitor):
    response = visitor.ask(wish(text="Tea.", model="gateway-7b", headers={"x-request-id": "r-1"}))
    visitor.watch(response.pk)
    response.refresh_from_db()
    saved = {
        name: getattr(response, name)
        for name in (
            *("status", "purpose", "model", "answered_model", "request_id", "http_status"),
            *("input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens"),
            *("total_tokens", "error_code", "attempts"),
        )
    }
    assert saved == {
        "status": "completed",
        "purpose": "reply",
        "model": "test-model",
        "answered_model": "gateway-7b",
        "request_id": "r-1",
        "http_status": 200,
        "input_tokens": 11,
        "cached_tokens": 3,
        "output_tokens": 7,
        "reasoning_tokens": 2,
        "total_tokens": 18,
        "error_code": "",
        "attempts": 1,
    }
    assert response.upstream_id
    times = [
        response.created_at,
        response.started_at,
        response.first_token_at,
        response.finished_at,
    ]
    assert times == sorted(times)
    assert (response.message.text, "Tea." in response.message.html) == ("Tea.", True)


def test_tokens_that_were_not_reported_are_unknown_not_nothing(stage, visitor):
    response = visitor.ask(wish(text="Tea.", usage=None))
    visitor.watch(response.pk)
    response.refresh_from_db()
    assert (response.input_tokens, response.output_tokens, response.total_tokens) == (None,) * 3
    assert response.usage_source == "estimated"
