"""The part of a conversation that a page shows, however long the conversation and its messages are;
and one that is deleted for good while its page is made."""

import pytest
from django.db import connection

from conversations.models import Conversation
from conversations.thread.page import MOST_BYTES, PAGE, thread
from tests.test_page_turns import long_conversation


def numbers(shown):
    return [int(message.text.rpartition(" ")[2]) for message in shown.messages]


def test_a_message_far_up_comes_with_some_after_it_and_a_way_to_the_others(client, alice):
    conversation = long_conversation(alice, 260)
    ids = list(conversation.messages.order_by("created_at").values_list("pk", flat=True))
    at, found = ids[3], []
    while at:
        shown = thread(conversation, at=at)
        found += numbers(shown)[1:]
        at = shown.later
    assert sorted(set(found)) == list(range(3, 260))
    assert numbers(thread(conversation, at=ids[3])) == list(range(2, 2 + PAGE))
    client.force_login(alice)
    page = client.get(f"{conversation.get_absolute_url()}?at={ids[3]}").content.decode()
    assert f'href="?at={ids[2 + PAGE]}#m-{ids[2 + PAGE]}">Show later messages' in page
    # Near the end all others are there.
    assert numbers(thread(conversation, at=ids[100])) == list(range(99, 260))
    assert thread(conversation, at=ids[100]).later is None
    assert thread(conversation, before=ids[100]).later == ids[100]


@pytest.mark.parametrize("asked", [None, 2])
def test_long_messages_are_fewer_on_a_page(client, alice, asked):
    conversation = long_conversation(alice, 9)
    html = f"<p>{'é' * (MOST_BYTES // 5)}</p>"
    conversation.messages.filter(role="assistant").update(html=html, items=[{"text": "x" * 9}])
    ids = list(conversation.messages.order_by("created_at").values_list("pk", flat=True))
    shown = thread(conversation, at=asked and ids[asked])
    assert numbers(shown) == ([4, 5, 6, 7, 8] if asked is None else [2, 3, 4, 5, 6])
    assert shown.earlier == numbers(shown)[0]
    # One is shown however long it is.
    conversation.messages.update(html="x" * (MOST_BYTES + 1))
    assert len(thread(conversation).messages) == 1


def test_what_was_deleted_since_the_page_began_is_not_there(client, alice):
    conversation = long_conversation(alice, 4)
    client.force_login(alice)

    asked = []

    def deleted_before_its_messages_are_read(execute, statement, *arguments):
        if not asked and "conversations_message" in statement and " IN (" in statement:
            asked.append(statement)
            Conversation.objects.filter(pk=conversation.pk).delete()
        return execute(statement, *arguments)

    with connection.execute_wrapper(deleted_before_its_messages_are_read):
        page = client.get(conversation.get_absolute_url())
    assert page.status_code == 404
    assert not Conversation.objects.filter(pk=conversation.pk).exists()
