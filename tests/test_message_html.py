"""HTML of messages: what the cache fills in looks as the template draws it, and holds nobody's
words."""

import re
import uuid
from pathlib import Path

import pytest
from django.template import Context
from django.template.loader import get_template
from django.utils import translation

from conversations.models import Feedback, LanguageModel, Message, Response
from conversations.replies import fill_in
from conversations.thread import message_html
from conversations.thread.page import thread
from tests.support import ledger_rows as books
from tests.support.item_samples import SAMPLES, put_items

pytestmark = pytest.mark.once

TOKEN = "a-token"
SUBMISSION = re.compile(r'(name="submission" value=")[0-9a-f-]{36}')


def context_of(message, models=()):
    return Context(
        {
            "message": message,
            "conversation": message.conversation,
            "models": models,
            "has_choice": len(models) > 1,
            "csrf_token": TOKEN,
            "currency": "EUR",
        }
    )


def drawn(message, models=()):
    template = get_template("conversations/_message.html").template
    return SUBMISSION.sub(r"\1", template.render(context_of(message, models)))


def filled(message, models=()):
    return SUBMISSION.sub(r"\1", message_html.article(message, context_of(message, models)))


ITEMS = [SAMPLES["message"], SAMPLES["mcp_call"], SAMPLES["reasoning"], SAMPLES["web_search_call"]]


@pytest.fixture
def messages(alice):
    """Of many looks, each look twice, so that the second is filled in."""
    found = []
    for text, ending in [
        ("Hello", books.REPORTED),
        ("<b>Bold</b> & *more*", books.REPORTED),
        ("你好", books.STOPPED),
        ("Once more", books.STOPPED),
        ("No", books.REFUSED),
    ]:
        response = books.call(alice, ending, text=text, answer=f"Answer: {text}")
        found += thread(response.conversation).messages
    for items in ITEMS, ITEMS[:1]:
        response = books.call(alice, books.REPORTED, text="What is new?")
        put_items(response.message, items)
        found += thread(response.conversation).messages
    for each in ("One", "Two"):
        found += thread(books.ask(alice, text=each).conversation).messages
    for value, at in (("good", 1), ("bad", 3)):
        Feedback.objects.create(message=found[at], value=value)
    return [m for each in {m.conversation for m in found} for m in thread(each).messages]


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("more", [False, True], ids=["one model", "two models"])
def test_every_message_looks_as_the_template_draws_it(messages, language, more):
    books.a_model("another <model>")
    models = list(LanguageModel.objects.all())[: 1 + more]
    with translation.override(language):
        for _twice in range(2):
            for message in messages:
                assert filled(message, models) == drawn(message, models)


def test_each_form_has_an_id_of_its_own(messages):
    [reply, *_others] = [m for m in messages if m.own_response and m.own_response.ended_well]
    first, second = (message_html.article(reply, context_of(reply)) for _ in range(2))
    assert SUBMISSION.search(first)[0] != SUBMISSION.search(second)[0]


def test_a_look_is_drawn_once(messages):
    message_html._cache.clear()
    for message in messages:
        filled(message)
    looks = len(message_html._cache)
    for message in messages:
        filled(message)
    assert len(message_html._cache) == looks < len(messages)


def test_a_text_that_knows_the_names_of_the_marks_changes_nothing(alice):
    conversation = books.ask(alice, text="x").conversation
    message = Message(
        pk=uuid.uuid4(),
        conversation=conversation,
        role="user",
        text="x",
        html=" ".join([*message_html.PLACEHOLDERS, *message_html.PLACEHOLDERS.values()]),
    )
    assert filled(message) == drawn(message)
    assert message.html in filled(message)


def test_all_that_is_shown_of_messages_is_read_with_them(
    alice, messages, django_assert_num_queries
):
    thoughtful = books.ask(alice)
    books.end(thoughtful, {**books.STOPPED, "reason": "max_output_tokens"}, reasoning="Hm.")
    writing = books.ask(alice)
    Response.objects.filter(pk=writing.pk).update(partial="So far", status="in_progress")
    for response in (thoughtful, writing):
        messages += thread(response.conversation).messages
    template = get_template("conversations/_message.html").template
    with django_assert_num_queries(0):
        for message in messages:
            if message.is_pending:
                fill_in(message)
            for readonly in (False, True):
                template.render(Context({**context_of(message).flatten(), "readonly": readonly}))


@pytest.fixture
def template_with(tmp_path, settings):
    """Puts markup at the end of the template of a message, in place of the site's own."""

    def change(added):
        source = Path(get_template(message_html.TEMPLATE).origin.name).read_text()
        changed = tmp_path / message_html.TEMPLATE
        changed.parent.mkdir(exist_ok=True)
        changed.write_text(source.replace("</article>", f"{added}</article>"))
        [engine] = settings.TEMPLATES
        settings.TEMPLATES = [{**engine, "DIRS": [tmp_path, *engine["DIRS"]]}]
        message_html._cache.clear()

    yield change
    message_html._cache.clear()


@pytest.mark.parametrize(
    "added",
    [
        "{{ conversation.title }}",
        "{{ message.conversation.title }}",
        "{{ message.created_at }}",
        "{{ message.html }}",
        "{{ user.username }}",
        "{{ request.path }}",
        "{{ currency }}",
        "{{ response.request_id }}",
        "{{ response.cost }}",
        "{{ response.conversation.title }}",
        "{% for model in models %}{{ model.instructions }}{% endfor %}",
        "{% if response.input_tokens %}much{% endif %}",
        "{% include 'conversations/_queued.html' %}",
    ],
)
def test_what_a_look_does_not_have_cannot_come_into_the_cache(messages, template_with, added):
    template_with(added)
    [reply, *_others] = [m for m in messages if m.own_response and m.own_response.ended_well]
    with pytest.raises(message_html.NotInLook):
        filled(reply, [LanguageModel(name="m")])
    assert not message_html._cache


def test_words_of_a_message_are_not_in_the_cache(messages):
    message_html._cache.clear()
    for message in messages:
        filled(message)
    assert message_html._cache
    cached = "".join("".join(drawn._literals) for drawn in message_html._cache.values())
    for message in messages:
        for own in (message.html, str(message.pk), str(message.conversation_id)):
            assert not own or own not in cached
    for own in ("list_events", "Stand-up", "rain.example", "weather.example"):
        assert own not in cached


def test_a_look_cannot_be_changed(messages):
    look = message_html._look_of(messages[0], context_of(messages[0]))
    # Python says one or the other, where a frozen class with slots has a base.
    with pytest.raises((AttributeError, TypeError)):
        look.title = "Private"
