"""Retention rules delete conversations so many days after their last message, and only those."""

import re
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.formats import date_format

from conversations.jobs import runner
from conversations.jobs.retention_work import order_nightly
from conversations.keeping.piece_size import MOST
from conversations.keeping.retention import deleted_on
from conversations.models import (
    Conversation,
    Job,
    Message,
    Response,
    RetentionRule,
    ReviewAccess,
)
from tests.support.review_stage import converse

RULES = "/admin/conversations/retentionrule/"


def old(owner, days, **fields):
    """A conversation of `owner` whose last message is `days` days old."""
    at = timezone.now() - timedelta(days=days, minutes=1)
    conversation = converse(owner, **fields)
    Conversation.objects.filter(pk=conversation.pk).update(updated_at=at, created_at=at)
    conversation.refresh_from_db()
    return conversation


def apply(*options):
    output = StringIO()
    call_command("apply_retention", *options, stdout=output)
    return output.getvalue()


def runs():
    """The rows of the access log about retention runs, oldest first."""
    return ReviewAccess.objects.filter(action="applied_retention").order_by("number")


def left():
    return set(Conversation.objects.all())


@pytest.fixture
def team(bob):
    group = Group.objects.create(name="Team")
    bob.groups.add(group)
    return group


def test_a_rule_for_everyone_deletes_what_is_older_and_leaves_the_figures(alice):
    due, fresh = old(alice, 30), old(alice, 29)
    RetentionRule.objects.create(days=30)
    assert "1 conversations deleted" in apply()
    assert left() == {fresh}
    assert not Message.objects.filter(conversation_id=due.pk).exists()
    assert Response.objects.filter(person_id=alice.pk).count() == 4
    assert set(
        Response.objects.filter(conversation=None).values_list("input_tokens", "partial")
    ) == {(10, "")}


def test_a_dry_run_counts_and_deletes_nothing(alice):
    old(alice, 40)
    RetentionRule.objects.create(days=30)
    assert "1 conversations would be deleted" in apply("--dry-run")
    assert len(left()) == 1
    assert not runs().exists()


def test_the_rule_of_a_group_comes_before_that_for_everyone(alice, bob, team):
    mine, theirs = old(alice, 20), old(bob, 20)
    RetentionRule.objects.create(days=10)
    RetentionRule.objects.create(group=team, days=365)
    apply()
    assert left() == {theirs}
    assert deleted_on(theirs, bob) == theirs.updated_at + timedelta(days=365)
    assert deleted_on(mine, alice) == mine.updated_at + timedelta(days=10)


def test_of_several_groups_the_shortest_time_applies(bob, team):
    other = Group.objects.create(name="Other")
    bob.groups.add(other)
    RetentionRule.objects.create(group=team, days=365)
    RetentionRule.objects.create(group=other, days=10)
    conversation = old(bob, 20)
    assert deleted_on(conversation, bob) < timezone.now()
    apply()
    assert left() == set()


def test_a_group_whose_conversations_are_kept_is_left_out_of_the_rule_for_everyone(bob, team):
    kept = old(bob, 500)
    RetentionRule.objects.create(days=10)
    RetentionRule.objects.create(group=team, days=None, file_days=30)
    apply()
    assert left() == {kept}
    assert deleted_on(kept, bob) is None


def test_pinned_ones_are_spared_where_the_rule_says_so(alice):
    pinned = old(alice, 40, pinned_at=timezone.now())
    rule = RetentionRule.objects.create(days=30, spare_pinned=True)
    apply()
    assert left() == {pinned}
    assert deleted_on(pinned, alice) is None
    rule.spare_pinned = False
    rule.save()
    apply()
    assert left() == set()


def test_what_is_archived_or_in_the_trash_is_deleted_too(alice):
    old(alice, 40, archived_at=timezone.now())
    old(alice, 40, trashed_at=timezone.now())
    RetentionRule.objects.create(days=30)
    apply()
    assert left() == set()


def test_a_conversation_in_which_a_reply_is_being_written_is_left(alice):
    conversation = old(alice, 40)
    reply = Message.objects.create(conversation=conversation, role="assistant")
    Response.objects.create(
        conversation=conversation,
        message=reply,
        person_id=alice.pk,
        username="alice",
        model="m-1",
        status="in_progress",
    )
    RetentionRule.objects.create(days=30)
    apply()
    assert left() == {conversation}


def test_a_number_of_days_beyond_the_calendar_deletes_nothing(alice):
    conversation = old(alice, 40)
    RetentionRule.objects.create(days=2_000_000_000)
    apply()
    assert left() == {conversation}
    assert deleted_on(conversation, alice) is None


def test_without_rules_nothing_is_deleted_and_nothing_is_recorded(alice):
    old(alice, 4_000)
    assert "0 conversations deleted" in apply()
    assert len(left()) == 1
    assert not runs().exists()


def test_a_run_is_a_row_of_the_log_even_where_nothing_was_due(alice):
    RetentionRule.objects.create(days=30)
    apply()
    old(alice, 40)
    apply()
    assert [(row.action, row.reviewer_id, row.detail["rules"]) for row in runs()] == [
        ("applied_retention", None, 0),
        ("applied_retention", None, 1),
    ]
    assert list(ReviewAccess.verify()) == []


def test_the_site_runs_once_a_night_in_pieces(alice):
    old(alice, 40)
    long = old(alice, 41)
    Message.objects.bulk_create(
        Message(conversation=long, role="user", text=f"word {number}") for number in range(2 * MOST)
    )
    old(alice, 42)
    RetentionRule.objects.create(days=30)
    at_night = timezone.localtime().replace(hour=3)
    order_nightly(at_night.replace(hour=1))
    assert not Job.objects.exists()
    order_nightly(at_night)
    order_nightly(at_night)
    job = Job.objects.get()
    job.created_at = timezone.now()
    job.save()
    process = runner.Runner()
    pieces = 0
    while process.step():
        pieces += 1
    job.refresh_from_db()
    assert (job.state, job.done, job.owner) == ("done", 3, None)
    assert pieces > 2
    assert not Message.objects.exists()
    assert left() == set()
    assert runs().get().detail["rules"] == 3


def test_no_run_is_ordered_without_rules(db):
    order_nightly(timezone.localtime().replace(hour=3))
    assert not Job.objects.exists()


def test_people_see_the_rule_and_the_day(client, alice):
    conversation = converse(alice)
    client.force_login(alice)
    assert b'id="retention"' not in client.get("/account/").content
    RetentionRule.objects.create(days=30, spare_pinned=True)
    page = client.get("/account/").content.decode()
    assert "deleted 30 days after its last message" in page
    assert "Pinned conversations are kept." in page
    day = (conversation.updated_at + timedelta(days=30)).strftime("%Y")
    menu = client.get(f"/conversations/{conversation.pk}/manage/").content.decode()
    assert re.search(rf"Deleted on [^<]*{day} if nothing more is written", menu)
    due = old(alice, 400)
    menu = client.get(f"/conversations/{due.pk}/manage/").content.decode()
    assert f"Deleted on {date_format(timezone.localdate(), 'DATE_FORMAT')}" in menu
    client.post(f"/conversations/{conversation.pk}/pin/")
    assert (
        "Deleted on" not in client.get(f"/conversations/{conversation.pk}/manage/").content.decode()
    )


@pytest.fixture
def office(client, administrator):
    client.force_login(administrator)
    return client


def hidden_field(page):
    return re.search(r'name="previewed" value="([^"]*)"', page.content.decode())[1]


def test_a_rule_is_saved_only_after_its_effect_was_shown(office, alice, bob):
    old(alice, 40)
    old(alice, 400)
    old(bob, 5)
    asked = {"days": "30", "group": "", "file_days": ""}
    first = office.post(f"{RULES}add/", asked)
    shown = first.content.decode()
    assert not RetentionRule.objects.exists()
    assert "2 conversations would be deleted, of 1 people" in shown
    assert "alice" in shown
    # For other values it has to be shown again.
    again = office.post(f"{RULES}add/", {**asked, "days": "3", "previewed": hidden_field(first)})
    assert not RetentionRule.objects.exists()
    assert "3 conversations would be deleted, of 2 people" in again.content.decode()
    office.post(f"{RULES}add/", {**asked, "days": "3", "previewed": hidden_field(again)})
    assert RetentionRule.objects.get().days == 3


def test_the_deletion_of_a_rule_shows_what_the_others_would_then_delete(office, bob, team):
    old(bob, 40)
    RetentionRule.objects.create(days=30)
    rule = RetentionRule.objects.create(group=team, days=365)
    page = office.get(f"{RULES}{rule.pk}/delete/").content.decode()
    assert "that the other rules would then delete: 1" in page


@pytest.mark.parametrize("days", ["0", "-1", "40000", "x", ""])
def test_impossible_numbers_of_days_are_refused(office, days):
    page = office.post(f"{RULES}add/", {"days": days, "group": "", "file_days": ""})
    assert page.status_code == 200
    assert not RetentionRule.objects.exists()


def test_there_is_one_rule_for_everyone_and_one_for_each_group(team):
    RetentionRule.objects.create(days=1)
    RetentionRule.objects.create(days=1, temporary=True)
    RetentionRule.objects.create(days=1, group=team)
    for fields in ({}, {"temporary": True}, {"group": team}):
        with pytest.raises(IntegrityError), transaction.atomic():
            RetentionRule.objects.create(days=2, **fields)


def test_only_superusers_change_rules(client, alice):
    alice.is_staff = True
    alice.save()
    client.force_login(alice)
    assert client.get(f"{RULES}add/").status_code == 403
