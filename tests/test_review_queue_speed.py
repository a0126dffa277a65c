"""The queue stays fast however many conversations there are: what is read for a page is counted,
not the time."""

import json

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from conversations.management.commands.fill_conversations import fill
from conversations.models import Conversation, Person, ReviewMark
from conversations.models.conversation import FEW_MEMBERS
from conversations.review import queue

PEOPLE = 4 * FEW_MEMBERS
FEW, MANY = 2_000, 12_000


def work(conversations):
    """How much the database does for one page: its steps on SQLite, rows read on PostgreSQL."""
    query = conversations[: queue.PAGE + 1]
    if connection.vendor == "postgresql":
        plan = json.loads(query.explain(format="json", analyze=True))[0]["Plan"]
        return rows_read(plan)
    steps = 0

    def count():
        nonlocal steps
        steps += 1

    connection.connection.set_progress_handler(count, 10)
    list(query)
    connection.connection.set_progress_handler(None, 0)
    return steps


def rows_read(node):
    """Rows that the nodes of a PostgreSQL plan read, those they threw away too."""
    removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Join Filter", 0)
    mine = (node["Actual Rows"] + removed) * node["Actual Loops"]
    return mine + sum(rows_read(child) for child in node.get("Plans", []))


def pages(reviewer):
    """The pages that are measured, by name."""
    half = Group.objects.get(name="Half")
    small = Group.objects.get(name="Small")
    owner = Person.objects.get(username="made-up-7")
    middle = Conversation.objects.filter(title="Made up 1000").get()
    everything = queue.queue(reviewer, {})
    return {
        "first": everything,
        "in the middle": queue.behind(everything, middle.updated_at, middle.pk),
        "one model": queue.queue(reviewer, {"model": "model-3"}),
        "many members": queue.queue(reviewer, {"group": half}),
        "unreviewed": queue.queue(reviewer, {"unreviewed": True}),
        "since": queue.queue(reviewer, {"since": middle.updated_at.date()}),
        "one person": queue.queue(reviewer, {"person": owner}),
        "few members": queue.queue(reviewer, {"group": small}),
        "failed": queue.queue(reviewer, {"status": "failed"}),
    }


@pytest.fixture
def filled(reviewer):
    """A database with FEW conversations, and groups of half of all people and of three."""
    fill(FEW, PEOPLE)
    people = Person.objects.filter(username__startswith="made-up-").order_by("pk")
    Group.objects.create(name="Half").user_set.set(people[: PEOPLE // 2])
    Group.objects.create(name="Small").user_set.set(people[:3])
    newest = Conversation.objects.order_by("-updated_at")[:100]
    for conversation in newest:
        ReviewMark.review(conversation, reviewer)
    return reviewer


def analyze():
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def test_the_work_for_a_page_does_not_grow_with_the_number_of_conversations(filled):
    analyze()
    before = {name: work(page) for name, page in pages(filled).items()}
    fill(MANY - FEW, PEOPLE)
    analyze()
    after = {name: work(page) for name, page in pages(filled).items()}
    # These ask for a few of all; what they read grows with those few, not with all.
    of_few = {"one person", "few members", "failed"}
    grown = {
        name: (before[name], after[name])
        for name in before
        if after[name] > before[name] * (MANY / FEW if name in of_few else 1) * 1.5 + 200
    }
    assert grown == {}
    assert all(after[name] < MANY for name in of_few)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the plan as SQLite words it")
def test_no_page_is_sorted(filled):
    for name, page in pages(filled).items():
        plan = page[: queue.PAGE + 1].explain()
        if name not in ("few members", "failed"):
            assert "USE TEMP B-TREE FOR ORDER BY" not in plan, (name, plan)
            assert "USING INDEX" in plan or "USING COVERING INDEX" in plan, (name, plan)
