"""The demo model speaks the protocol through the real client."""

import asyncio
import time

from conversations.upstream import DemoTransport, build_client
from tests.support.event_folding import folded


def ask(text, pace=0.0, **more):
    async def call():
        upstream = build_client("http://demo.invalid", transport=DemoTransport(pace=pace))
        asked = {"model": "demo", "input": [{"type": "message", "role": "user", "content": text}]}
        batches = [events async for events in upstream.respond({**asked, **more})]
        await upstream.close()
        return [event for events in batches for event in events]

    return asyncio.run(call())


def test_it_says_what_it_is_quotes_what_was_asked_and_how_to_connect_a_gateway():
    reading = folded(ask("Why is the sky blue?\nAnd the sea?"))
    assert "This is a demo" in reading.text
    assert "> Why is the sky blue?\n> And the sea?\n" in reading.text
    assert "OPENAI_BASE_URL" in reading.text
    assert reading.end.status == "completed"
    assert reading.model == "demo"
    usage = reading.end.usage
    assert usage.input_tokens > 5
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens


def test_it_answers_chinese_in_chinese():
    assert "这是演示" in folded(ask("天空为什么是蓝色的？")).text


def test_streamed_and_whole_it_says_the_same():
    assert folded(ask("Hi")).text == folded(ask("Hi", stream=False)).text


def test_it_streams_at_the_pace_it_is_given():
    began = time.monotonic()
    events = ask("Hi", pace=0.001)
    assert time.monotonic() - began > 0.1
    assert len(events) > 50


def test_asked_for_a_few_tokens_it_gives_a_title():
    assert folded(ask("Why is the sky\nblue?", max_output_tokens=40)).text == "Why is the sky"


def test_it_stops_at_the_limit_it_is_given():
    reading = folded(ask("word " * 300, max_output_tokens=250))
    assert (reading.end.status, reading.end.reason) == ("incomplete", "max_output_tokens")
    assert reading.end.usage.output_tokens == 250


def test_it_lists_itself():
    async def models():
        upstream = build_client("http://demo.invalid", transport=DemoTransport())
        try:
            return await upstream.models()
        finally:
            await upstream.close()

    assert asyncio.run(models()) == ["demo"]
