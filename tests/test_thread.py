"""A conversation that is deleted for good while its page is made."""

from django.db import connection

from conversations.models import Conversation
from tests.test_page_turns import long_conversation


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
