"""The queue of a review: what it shows, its filters, its pages, and the way to the next."""

import re
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.utils import timezone

from conversations.models import (
    Conversation,
    Feedback,
    LanguageModel,
    Message,
    Person,
    Response,
    ReviewAccess,
    ReviewMark,
    Scope,
)
from conversations.models.conversation import FEW_MEMBERS
from conversations.review import queue
from conversations.search.index import rebuild
from tests.support.review_stage import ANSWER, QUESTION, TITLE, converse, failing_log, opened


def listed(page):
    return [row.conversation.pk for row in page.context["rows"]]


def test_it_shows_who_and_how_much_but_no_text_and_no_title(desk, conversation):
    Response.objects.filter(conversation=conversation).update(cost=Decimal("0.25"))
    page = desk.get("/review/")
    [row] = page.context["rows"]
    assert (row.messages, row.tokens, row.cost) == (3, 30, Decimal("0.5"))
    text = page.content.decode()
    assert "Alice Lindqvist" in text and "m-1" in text and "0.5000" in text
    for secret in (TITLE, QUESTION, ANSWER):
        assert secret not in text


def test_unknown_tokens_and_costs_are_not_zero(desk, alice):
    conversation = Conversation.objects.create(owner=alice)
    [row] = desk.get("/review/").context["rows"]
    assert row.conversation == conversation
    assert (row.messages, row.tokens, row.cost) == (0, None, None)


def test_newest_activity_comes_first(desk, alice, bob):
    now = timezone.now()
    old = Conversation.objects.create(owner=alice, updated_at=now - timedelta(days=2))
    new = Conversation.objects.create(owner=bob, updated_at=now)
    middle = Conversation.objects.create(owner=alice, updated_at=now - timedelta(days=1))
    assert listed(desk.get("/review/")) == [new.pk, middle.pk, old.pk]


def test_pages_join_without_gap_or_repeat(desk, alice):
    now = timezone.now()
    # Several of one moment: the id decides between them.
    made = Conversation.objects.bulk_create(
        Conversation(owner=alice, updated_at=now - timedelta(minutes=number // 7))
        for number in range(2 * queue.PAGE + 3)
    )
    seen, query = [], ""
    while query is not None:
        page = desk.get(f"/review/{query}")
        seen += listed(page)
        query = f"?after={page.context['after']}" if page.context["after"] else None
    expected = sorted(made, key=lambda each: (each.updated_at, each.pk.hex), reverse=True)
    assert seen == [each.pk for each in expected]


@pytest.mark.parametrize("after", ["", "x", "1-2", "9" * 30 + "-" + "0" * 32, "\x00"])
def test_a_place_that_is_none_is_the_start(desk, conversation, after):
    assert listed(desk.get("/review/", {"after": after})) == [conversation.pk]


def test_only_what_is_in_scope_is_listed(desk, reviewer, conversation, bob):
    group = Group.objects.create(name="Team")
    bob.groups.add(group)
    Scope.objects.create(reviewer=reviewer, group=group)
    theirs = converse(bob)
    assert listed(desk.get("/review/")) == [theirs.pk]
    assert desk.get("/review/?person=alice").status_code == 422


@pytest.mark.parametrize("others", [0, FEW_MEMBERS])
def test_a_scope_holds_for_few_members_and_for_many(
    desk, reviewer, conversation, alice, bob, others
):
    group = Group.objects.create(name="Team")
    people = Person.objects.bulk_create(Person(username=f"p{n}") for n in range(others))
    group.user_set.set([bob, *people])
    Scope.objects.create(reviewer=reviewer, group=group)
    theirs = converse(bob)
    assert listed(desk.get("/review/")) == [theirs.pk]
    assert desk.get(f"/review/{conversation.pk}/").status_code == 404


def test_it_can_be_filtered_by_person_group_and_model(desk, conversation, bob):
    theirs = converse(bob)
    Conversation.objects.filter(pk=theirs.pk).update(model="m-2")
    LanguageModel.objects.create(name="m-2")
    group = Group.objects.create(name="Team")
    bob.groups.add(group)
    assert listed(desk.get("/review/?person=alice")) == [conversation.pk]
    assert listed(desk.get(f"/review/?group={group.pk}")) == [theirs.pk]
    assert listed(desk.get("/review/?model=m-2")) == [theirs.pk]


def test_it_can_be_filtered_by_date(desk, conversation, settings):
    settings.TIME_ZONE = "UTC"
    day = timezone.make_aware(datetime(2026, 5, 4, 23, 59))
    Conversation.objects.filter(pk=conversation.pk).update(updated_at=day)
    assert listed(desk.get("/review/?since=2026-05-04&until=2026-05-04")) == [conversation.pk]
    assert listed(desk.get("/review/?since=2026-05-05")) == []
    assert listed(desk.get("/review/?until=2026-05-03")) == []
    later = queue.place_of(Conversation(updated_at=day + timedelta(days=3)))
    assert listed(desk.get(f"/review/?until=2026-05-03&after={later}")) == []
    assert listed(desk.get(f"/review/?until=2026-05-04&after={later}")) == [conversation.pk]


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        ("failed", {"status": "failed"}),
        ("filtered", {"status": "incomplete", "reason": "content_filter"}),
        ("refused", {"refusal": "I would rather not."}),
        ("interrupted", {"status": "interrupted"}),
    ],
)
def test_it_can_be_filtered_by_how_a_reply_ended(desk, conversation, bob, status, fields):
    other = converse(bob)
    call = conversation.responses.first()
    Response.objects.filter(pk=call.pk).update(**fields)
    Response.objects.filter(conversation=other).update(status="incomplete", reason="too_long")
    page = desk.get(f"/review/?status={status}")
    assert listed(page) == [conversation.pk]
    [row] = page.context["rows"]
    assert getattr(row, status) == 1
    assert f'<span class="tag">{status}</span>' in page.content.decode()


def test_it_can_be_filtered_by_feedback(desk, conversation, bob):
    other = converse(bob)
    for owned, value in ((conversation, "bad"), (other, "good")):
        message = owned.messages.filter(role="assistant").latest("created_at")
        Feedback.objects.create(message=message, value=value, comment="It made that up.")
    page = desk.get("/review/?feedback=bad")
    assert listed(page) == [conversation.pk]
    assert page.context["rows"][0].bad == 1
    assert "made that up" not in page.content.decode()
    assert listed(desk.get("/review/?feedback=good")) == [other.pk]
    page, _path = opened(desk, conversation)
    assert "Thumbs down: It made that up." in page.content.decode()


@pytest.mark.parametrize("status", ["failed", "filtered", "refused", "interrupted"])
def test_a_title_that_failed_is_no_failed_reply(desk, conversation, alice, status):
    Response.objects.create(
        conversation=conversation,
        person_id=alice.pk,
        purpose="title",
        status="incomplete" if status == "filtered" else status.replace("refused", "completed"),
        reason="content_filter" if status == "filtered" else "",
        refusal="No." if status == "refused" else "",
    )
    assert listed(desk.get("/review/")) == [conversation.pk]
    [row] = desk.get("/review/").context["rows"]
    assert (row.failed, row.filtered, row.refused, row.interrupted) == (0, 0, 0, 0)
    assert listed(desk.get(f"/review/?status={status}")) == []


@pytest.mark.parametrize("query", ["status=failed", "feedback=bad"])
def test_the_same_is_found_where_very_many_are_like_that(desk, alice, bob, query):
    now = timezone.now()
    made = Conversation.objects.bulk_create(
        Conversation(owner=alice, updated_at=now - timedelta(minutes=number))
        for number in range(queue.FEW_MATCHES + 2)
    )
    answers = Message.objects.bulk_create(
        Message(conversation=each, role="assistant") for each in made
    )
    Feedback.objects.bulk_create(Feedback(message=each, value="bad") for each in answers)
    Response.objects.bulk_create(
        Response(conversation=each, person_id=alice.pk, status="failed") for each in made
    )
    converse(bob)
    with connection.cursor() as cursor:
        # As autovacuum does: with what was known of empty tables PostgreSQL took minutes.
        cursor.execute("ANALYZE")
    first = desk.get(f"/review/?{query}")
    second = desk.get(f"/review/?{query}&after={first.context['after']}")
    assert listed(first) + listed(second) == [each.pk for each in made[: 2 * queue.PAGE]]


def test_it_can_be_filtered_by_marks(desk, conversation, reviewer, bob):
    other = converse(bob)
    ReviewMark.flag(conversation, reviewer, True)
    ReviewMark.review(other, reviewer)
    assert listed(desk.get("/review/?flagged=on")) == [conversation.pk]
    assert listed(desk.get("/review/?unreviewed=on")) == [conversation.pk]
    Conversation.objects.filter(pk=other.pk).update(updated_at=timezone.now())
    assert listed(desk.get("/review/?unreviewed=on")) == [other.pk, conversation.pk]


def test_a_flag_can_be_taken_away(desk, conversation):
    _page, path = opened(desk, conversation)
    desk.post(path.replace("/?", "/flag/?"), {"flagged": "true"})
    assert listed(desk.get("/review/?flagged=on")) == [conversation.pk]
    desk.post(path.replace("/?", "/flag/?"), {"flagged": "false"})
    assert listed(desk.get("/review/?flagged=on")) == []


@pytest.mark.parametrize("query", ["person=nobody", "group=99", "model=x", "since=soon"])
def test_a_filter_that_makes_no_sense_is_named(desk, conversation, query):
    page = desk.get(f"/review/?{query}")
    assert page.status_code == 422
    assert "errorlist" in page.content.decode()
    assert listed(page) == []


def test_reviewed_goes_to_the_next_unreviewed_with_the_filters_kept(desk, alice, bob, reviewer):
    now = timezone.now()
    first, _theirs, done, last = (
        Conversation.objects.create(owner=owner, updated_at=now - timedelta(hours=hours))
        for hours, owner in enumerate((alice, bob, alice, alice))
    )
    ReviewMark.review(done, reviewer)
    page = desk.post(
        f"/review/{first.pk}/?person=alice",
        {"reason": "other", "explanation": "Routine.", "remember": "on"},
        follow=True,
    )
    assert page.redirect_chain[-1][0] == f"/review/{first.pk}/?person=alice"
    answer = desk.post(f"/review/{first.pk}/reviewed/?person=alice", {"next": "true"})
    assert (answer.status_code, answer.url) == (303, f"/review/{last.pk}/?person=alice")
    answer = desk.post(f"/review/{last.pk}/reviewed/?person=alice", {"next": "true"})
    assert (answer.status_code, answer.url) == (303, "/review/?person=alice")


def test_the_number_of_queries_does_not_grow(desk, alice, django_assert_max_num_queries):
    for _number in range(12):
        converse(alice)
    with django_assert_max_num_queries(20):
        page = desk.get("/review/")
    assert len(page.context["rows"]) == 12


def test_a_search_finds_across_people_and_is_recorded(desk, alice, bob, reviewer):
    mine, theirs = (converse(owner, title="") for owner in (alice, bob))
    Message.objects.filter(conversation=theirs, role="user").update(text="the okapi")
    rebuild()
    page = desk.get("/review/?q=okapi&model=")
    assert listed(page) == [theirs.pk]
    assert listed(desk.get("/review/?q=secret&person=alice")) == [mine.pk]
    assert listed(desk.get("/review/?q=nothing")) == []
    rows = ReviewAccess.objects.order_by("number")
    assert [(row.action, row.reviewer_id, row.words) for row in rows] == [
        ("searched", reviewer.pk, {"queue": query})
        for query in ("q=okapi", "q=secret&person=alice", "q=nothing")
    ]
    text = page.content.decode()
    # That words were looked for is recorded, so a piece of what has them tells rows apart.
    assert "the <mark>okapi</mark>" in text and "my secret" not in text
    assert "okapi" not in desk.get("/review/").content.decode()
    link = re.search(rf'<a href="/review/{theirs.pk}/[^"]*">(.*?)</a>', text)[1]
    assert link.startswith("<time"), "what tells rows apart is what one follows"


def test_a_search_stays_in_the_scope(desk, reviewer, alice, bob):
    theirs = converse(bob)
    converse(alice)
    rebuild()
    group = Group.objects.create(name="Team")
    bob.groups.add(group)
    Scope.objects.create(reviewer=reviewer, group=group)
    assert listed(desk.get("/review/?q=secret")) == [theirs.pk]


def test_a_search_finds_what_is_in_the_trash_and_says_so(desk, conversation):
    Conversation.objects.filter(pk=conversation.pk).update(trashed_at=timezone.now())
    rebuild()
    page = desk.get("/review/?q=secret")
    assert listed(page) == [conversation.pk]
    assert "in the trash" in page.content.decode()
    page, _path = opened(desk, conversation)
    assert "The owner moved it to the trash" in page.content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_search_that_cannot_be_recorded_finds_nothing(desk, conversation):
    rebuild()
    desk.raise_request_exception = False
    with failing_log():
        answer = desk.get("/review/?q=secret")
    assert answer.status_code == 500
    assert str(conversation.pk) not in answer.content.decode()


@pytest.mark.parametrize("query", ["\x00", '"', "*", "' OR 1=1 --", "a" * 600, "🦓", "NEAR("])
def test_hostile_words_break_nothing(desk, conversation, query):
    assert desk.get("/review/", {"q": query}).status_code in (200, 422)


def test_the_next_one_stays_among_what_was_found(desk, alice, bob):
    first, other, last = converse(alice), converse(bob, title="x"), converse(alice)
    Message.objects.filter(conversation=other).update(text="zebra")
    rebuild()
    answer = desk.get(f"/review/{last.pk}/next/?q=secret")
    assert (answer.status_code, answer.url) == (303, f"/review/{first.pk}/?q=secret")
