"""Fixtures for tests of reviews: a conversation of Alice's with two branches, and a client logged
in as a reviewer."""

from contextlib import contextmanager

import pytest
from django.db import connection

from conversations.models import Conversation, Message, Response
from conversations.rendering import render, render_typed

TITLE, QUESTION, ANSWER, OTHER = "Secret title", "my secret", "an **answer**", "another answer"


def converse(owner, title=TITLE, **fields):
    """Store and return a Conversation of `owner` with one question and two replies, the second of
    which is shown; `fields` are columns of the Conversation."""
    conversation = Conversation.objects.create(owner=owner, title=title, model="m-1", **fields)
    question = Message.objects.create(
        conversation=conversation, role="user", text=QUESTION, html=render_typed(QUESTION)
    )
    for text in (ANSWER, OTHER):
        answer = Message.objects.create(
            conversation=conversation,
            parent=question,
            role="assistant",
            text=text,
            html=render(text),
        )
        Response.objects.create(
            conversation=conversation,
            message=answer,
            person_id=owner.pk,
            username=owner.username,
            model="m-1",
            status="completed",
            input_tokens=10,
            output_tokens=5,
            total_tokens=15,
            request={
                "instructions": "Be kind.",
                "parameters": {},
                "first_message": str(question.pk),
                "last_message": str(question.pk),
                "left_out": 0,
            },
        )
    conversation.active = answer
    conversation.save()
    return conversation


@pytest.fixture
def conversation(alice):
    """Return a stored Conversation of Alice's with one question and two replies."""
    return converse(alice)


@pytest.fixture
def desk(client, reviewer):
    """Return Django's test client, logged in as a reviewer."""
    client.force_login(reviewer)
    return client


def opened(desk, conversation, **reason):
    """Open `conversation` for review by Django's test client `desk`; `reason` are fields of the
    form that replace the usual `reason` and `explanation`. Return `(response, URL)` of the page to
    which that leads."""
    given = {"reason": "complaint", "explanation": "She asked us to.", **reason}
    page = desk.post(f"/review/{conversation.pk}/", given, follow=True)
    assert page.status_code == 200
    return page, page.redirect_chain[-1][0]


@contextmanager
def failing_log():
    """Context manager: within it the database refuses every new row of the access log."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                "CREATE TRIGGER full_disk BEFORE INSERT ON conversations_reviewaccess "
                "BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
            )
        else:
            cursor.execute(
                "CREATE TRIGGER full_disk BEFORE INSERT ON conversations_reviewaccess "
                "FOR EACH ROW EXECUTE FUNCTION access_log_refuse()"
            )
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            on = "" if connection.vendor == "sqlite" else "ON conversations_reviewaccess"
            cursor.execute(f"DROP TRIGGER full_disk {on}")
