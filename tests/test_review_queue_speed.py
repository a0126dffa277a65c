"""The queue stays fast however many conversations there are: what is read for a page is counted,
not the time."""

import json

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from bench.management.commands.fill_conversations import fill
from conversations.models import Conversation, Person, ReviewMark
from conversations.models.conversation import FEW_MEMBERS
from conversations.review import queue
from tests.support.sqlite_steps import steps_of

PEOPLE = 4 * FEW_MEMBERS
# PostgreSQL reads all of a table as small as a few thousand rows, whatever there is to find in it.
FEW, MANY = (2_000, 12_000) if connection.vendor == "postgresql" else (1_100, 6_600)


def work(page):
    """How much the database does for one page: its steps on SQLite, rows read on PostgreSQL."""
    if connection.vendor == "postgresql":
        plan = first_rows(page).explain(format="json", analyze=True)
        # Where none can be like that, nothing is asked.
        return rows_read(json.loads(plan)[0]["Plan"]) if plan else 0
    return steps_of(lambda: list(first_rows(page)))


def first_rows(page):
    return page()[: queue.PAGE + 1]


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
    place = (middle.updated_at, middle.pk)

    def queued(**filters):
        return lambda: queue.queue(reviewer, filters)

    return {
        "first": queued(),
        "in the middle": lambda: queue.queue(reviewer, {}, after=place),
        "one model": queued(model="model-3"),
        "many members": queued(group=half),
        "unreviewed": queued(unreviewed=True),
        "since": queued(since=middle.updated_at.date()),
        "filtered": queued(status="filtered"),
        "refused": queued(status="refused"),
        "interrupted": queued(status="interrupted"),
        "thumbs down": queued(feedback="bad"),
        "one person": queued(person=owner),
        "few members": queued(group=small),
        "failed": queued(status="failed"),
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
        plan = first_rows(page).explain()
        if plan and name not in ("few members", "failed"):
            assert "USE TEMP B-TREE FOR ORDER BY" not in plan, (name, plan)
            assert "USING INDEX" in plan or "USING COVERING INDEX" in plan, (name, plan)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="counts SQLite's steps")
def test_a_page_in_the_middle_begins_there_also_before_a_date(filled):
    newest, middle = (Conversation.objects.get(title=f"Made up {n}") for n in (0, 1000))

    def read(**filters):
        return list(queue.queue(filled, filters, after=(middle.updated_at, middle.pk))[:50])

    assert read(until=newest.updated_at.date()) == read()
    assert steps_of(lambda: read(until=newest.updated_at.date())) <= steps_of(read) + 20
