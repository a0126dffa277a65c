"""What is deleted leaves no words in the ledger, whichever way it is deleted; its figures stay."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, models, transaction
from django.utils import timezone

from conversations.conversation_list import trash
from conversations.database import triggers
from conversations.models import Conversation, Message, Person, Response
from tests.support.review_stage import converse

PEOPLE = "/admin/conversations/person/"
WORDS = ("private instructions", "cannot help with secrets", "boom at secret.txt")
EMPTY = {
    "request": {},
    "partial": "",
    "partial_reasoning": "",
    "partial_items": None,
    "refusal": "",
    "error_message": "",
}
# Texts of a Response that are kept: codes, names of models and ids, nobody's words.
KEPT = {
    "username",
    "purpose",
    "status",
    "reason",
    "model",
    "answered_model",
    "upstream_id",
    "request_id",
    "error_code",
    "usage_source",
    "service_tier",
    "tool_usage",
    "missing_prices",
    "reported_cost_source",
}


@pytest.fixture
def ledger(alice):
    """The Responses of a conversation of alice's, full of words."""
    conversation = converse(alice)
    instructions, refusal, error = WORDS
    Response.objects.update(
        request={"instructions": instructions},
        refusal=refusal,
        error_message=error,
        partial="so far",
        partial_reasoning="hm",
        partial_items=[{"type": "web_search_call", "item": {"query": "hm"}, "is_closed": True}],
    )
    return list(conversation.responses.all())


def admin_delete(client, administrator, alice):
    client.force_login(administrator)
    client.post(f"{PEOPLE}{alice.pk}/delete/", {"post": "yes"})


def admin_action(client, administrator, alice):
    client.force_login(administrator)
    action = {"action": "delete_selected", "_selected_action": [alice.pk], "post": "yes"}
    client.post(PEOPLE, action)


def person_delete(client, administrator, alice):
    alice.delete()


def people_delete(client, administrator, alice):
    Person.objects.filter(pk=alice.pk).delete()


def conversation_delete(client, administrator, alice):
    alice.conversations.get().delete()


def conversations_delete(client, administrator, alice):
    Conversation.objects.filter(owner=alice).delete()


def messages_delete(client, administrator, alice):
    Message.objects.all().delete()


def own_page(client, administrator, alice):
    client.force_login(alice)
    conversation = alice.conversations.get()
    client.post(f"/conversations/{conversation.pk}/trash/")
    client.post(f"/conversations/{conversation.pk}/erase/")


def empty_trash(client, administrator, alice):
    client.force_login(alice)
    client.post(f"/conversations/{alice.conversations.get().pk}/trash/")
    client.post("/trash/empty/")


def purge_trash(client, administrator, alice):
    alice.conversations.update(trashed_at=timezone.now() - timedelta(days=31))
    trash.purge()


def purge_command(client, administrator, alice):
    alice.conversations.update(trashed_at=timezone.now() - timedelta(days=31))
    call_command("purge_trash", verbosity=0, stdout=StringIO())


def statement(client, administrator, alice):
    """As a hand at the database would do it."""
    hers = f"(SELECT id FROM conversations_conversation WHERE owner_id = {alice.pk})"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE conversations_conversation SET active_id = NULL WHERE id IN {hers}")
        for column in ("message_id", "conversation_id"):
            cursor.execute(
                f"UPDATE conversations_response SET {column} = NULL WHERE person_id = {alice.pk}"
            )
        cursor.execute(f"DELETE FROM conversations_message WHERE conversation_id IN {hers}")
        cursor.execute(f"DELETE FROM conversations_conversation WHERE id IN {hers}")


WAYS = (
    admin_delete,
    admin_action,
    person_delete,
    people_delete,
    conversation_delete,
    conversations_delete,
    messages_delete,
    own_page,
    empty_trash,
    purge_trash,
    purge_command,
    statement,
)


@pytest.mark.parametrize("delete", WAYS, ids=lambda way: way.__name__)
def test_no_way_to_delete_leaves_words_in_the_ledger(
    client, administrator, alice, bob, ledger, delete
):
    neighbour = Response.objects.create(
        conversation=Conversation.objects.create(owner=bob),
        person_id=bob.pk,
        username="bob",
        model="m-1",
        refusal="of bob's",
    )
    delete(client, administrator, alice)
    assert not Message.objects.exists()
    for before in ledger:
        response = Response.objects.get(pk=before.pk)
        assert {name: getattr(response, name) for name in EMPTY} == EMPTY
        assert (response.total_tokens, response.username) == (15, "alice")
    neighbour.refresh_from_db()
    assert neighbour.refusal == "of bob's"


def test_a_reply_that_ends_after_its_conversation_writes_no_words(alice, ledger):
    """The process that writes a reply may learn of the deletion only afterwards."""
    Conversation.objects.all().delete()
    Response.objects.filter(pk=ledger[0].pk).update(
        status="failed", refusal=WORDS[1], error_message=WORDS[2], error_code="server"
    )
    response = Response.objects.get(pk=ledger[0].pk)
    assert (response.refusal, response.error_message) == ("", "")
    assert (response.status, response.error_code) == ("failed", "server")


def test_every_text_of_the_ledger_is_emptied_or_known_to_be_no_words():
    texts = {
        field.name
        for field in Response._meta.concrete_fields
        if isinstance(field, models.CharField | models.TextField | models.JSONField)
    }
    assert texts == triggers.TEXTS.keys() | KEPT
    assert triggers.TEXTS.keys() == EMPTY.keys()


def test_a_table_that_was_made_anew_has_the_rule_again(alice, ledger):
    triggers.remove(connection, triggers.ERASURE)
    assert triggers.missing(connection, triggers.ERASURE) == ["response_without_text"]
    triggers.repair("default")
    Conversation.objects.all().delete()
    assert not Response.objects.exclude(refusal="").exists()
