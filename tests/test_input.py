"""What is sent: the exact JSON of the call, within the model's context window."""

import json

import pytest

from conversations.models import Conversation, LanguageModel, Message, Response
from conversations.prompt import Turn, as_input, body, fit, join_instructions, parameters
from conversations.replies import request_body
from conversations.replies.request_body import LONGEST_INPUT
from tests.support.ledger_rows import REPORTED, STOPPED, end, submit


def turns(*texts, roles=("user", "assistant")):
    """Turns of the two roles in alternation."""
    return [Turn(number, roles[number % 2], text) for number, text in enumerate(texts)]


def test_the_body_of_a_first_message_is_exactly_this():
    sent = body(turns("Hello"), model="gpt-5.1")
    assert json.dumps(sent) == (
        '{"model": "gpt-5.1", '
        '"input": [{"type": "message", "role": "user", "content": "Hello"}], '
        '"stream": true, "store": false}'
    )


def test_the_body_with_everything_set_is_exactly_this():
    sent = body(
        turns("Hello", "Hi.", "How are\nyou?"),
        model="gpt-5.1",
        instructions=join_instructions("Be brief.", " ", None, "Speak French.\n", "", "Rhyme."),
        parameters=parameters(effort="low", max_output_tokens=500),
    )
    assert sent == {
        "model": "gpt-5.1",
        "input": [
            {"type": "message", "role": "user", "content": "Hello"},
            {"type": "message", "role": "assistant", "content": "Hi."},
            {"type": "message", "role": "user", "content": "How are\nyou?"},
        ],
        "stream": True,
        "store": False,
        "instructions": "Be brief.\n\nSpeak French.\n\nRhyme.",
        "reasoning": {"effort": "low"},
        "max_output_tokens": 500,
    }


def test_turns_without_text_are_left_out_and_their_neighbours_joined():
    assert as_input(turns("One", "", "Two", " \n", "Three", "Answer", "Four")) == [
        {"type": "message", "role": "user", "content": "One\n\nTwo\n\nThree"},
        {"type": "message", "role": "assistant", "content": "Answer"},
        {"type": "message", "role": "user", "content": "Four"},
    ]


def test_without_a_known_window_everything_is_sent():
    long = turns(*["x" * 10_000] * 99)
    assert fit(long, window=None) == long
    assert fit(long, window=0) == long


def test_whole_pairs_are_left_out_oldest_first():
    # 100 characters are 25 tokens, and 4 more for being a turn.
    long = turns(*["x" * 100] * 7)
    assert fit(long, window=7 * 29 + 10, max_output_tokens=10) == long
    for room, left_out in ((7 * 29 - 1, 2), (5 * 29, 2), (5 * 29 - 1, 4), (3 * 29 - 1, 6), (0, 6)):
        kept = fit(long, window=room + 10, max_output_tokens=10)
        assert [turn.id for turn in kept] == list(range(left_out, 7)), room
        assert kept[0].role == "user"


def test_the_last_turn_is_kept_however_long_it_is():
    long = turns("a", "b", "x" * 1_000_000)
    assert fit(long, window=1_000) == long[2:]


def test_instructions_and_the_replys_own_room_count():
    long = turns(*["x" * 100] * 3)
    assert fit(long, window=97, max_output_tokens=10) == long
    assert fit(long, window=97, max_output_tokens=11) == long[2:]
    assert fit(long, window=97, max_output_tokens=10, instructions="brief") == long[2:]


def test_what_was_measured_counts_more_than_the_rule_of_thumb():
    long = turns(*["x" * 100] * 3)
    assert fit(long, window=97, max_output_tokens=10, bytes_per_token=2.0) == long[2:]
    assert fit(turns(*["语" * 100] * 3), window=97, max_output_tokens=10, bytes_per_token=12) == (
        turns(*["语" * 100] * 3)
    )


@pytest.fixture
def model(db):
    return LanguageModel.objects.create(name="small", context_window=200, max_output_tokens=20)


def ask(person, conversation, text, model):
    return submit(person, text, model, conversation=conversation)


def test_the_three_instructions_go_along_and_are_kept_with_the_call(alice, settings, model):
    settings.INSTRUCTIONS = "Be brief."
    alice.instructions = "I am a gardener."
    conversation = Conversation.objects.create(owner=alice, instructions="About roses.")
    submitted = ask(alice, conversation, "When to prune?", model)
    assert submitted.body == {
        "model": "small",
        "input": [{"type": "message", "role": "user", "content": "When to prune?"}],
        "stream": True,
        "store": False,
        "instructions": "Be brief.\n\nI am a gardener.\n\nAbout roses.",
        "max_output_tokens": 20,
    }
    # What was said then is sent, whatever they are now.
    alice.instructions = ""
    alice.save()
    response = Response.objects.get(pk=submitted.response.pk)
    assert request_body.rebuild(response) == submitted.body


def test_what_no_longer_fits_is_left_out_and_the_page_says_so(client, alice, model):
    first = end(ask(alice, None, "x" * 160, model).response, STOPPED, "y" * 160)
    conversation = first.conversation
    end(ask(alice, conversation, "x" * 160, model).response, STOPPED, "y" * 160)
    last = ask(alice, conversation, "The newest", model)
    assert last.response.request["left_out"] == 2
    assert [item["content"][:3] for item in last.body["input"]] == ["xxx", "yyy", "The"]
    assert request_body.rebuild(last.response) == last.body
    client.force_login(alice)
    page = client.get(conversation.get_absolute_url())
    assert "The oldest 2 messages were left out to fit the model's context window." in page.text
    assert Message.objects.filter(conversation=conversation).count() == 6


def test_the_last_reported_tokens_are_the_measure(alice, model):
    # 160 bytes were reported as 160 tokens: four times what the rule of thumb says.
    reported = {**REPORTED, "input_tokens": 160, "cached_tokens": 0}
    first = end(ask(alice, None, "x" * 160, model).response, reported, "y" * 40)
    last = ask(alice, first.conversation, "The newest", model)
    assert last.response.request["left_out"] == 2


def test_a_reply_that_failed_is_not_sent_back(alice, model):
    failed = {"status": "failed", "error_code": "connect", "usage_source": "none"}
    first = end(ask(alice, None, "Hello", model).response, failed, "")
    again = ask(alice, first.conversation, "Hello?", model)
    assert again.body["input"] == [
        {"type": "message", "role": "user", "content": "Hello\n\nHello?"}
    ]


def test_of_more_text_than_any_model_reads_the_oldest_is_left_out(alice):
    conversation = Conversation.objects.create(owner=alice)
    parent = None
    for number in range(5):
        parent = Message.objects.create(
            conversation=conversation,
            parent=parent,
            role="assistant" if number % 2 else "user",
            text=f"{number}" * (LONGEST_INPUT // 4),
        )
    Conversation.objects.filter(pk=conversation.pk).update(active=parent)
    conversation.refresh_from_db()
    asked = submit(alice, "And now?", conversation=conversation)
    assert [item["content"][:1] for item in asked.body["input"]] == ["2", "3", "4"]
    assert asked.body["input"][-1]["content"].endswith("And now?")
    assert asked.size < 1.3 * LONGEST_INPUT
    response = Response.objects.get(pk=asked.response.pk)
    assert response.request["left_out"] == 2
    assert request_body.rebuild(response) == asked.body
