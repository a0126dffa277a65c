"""Reading the access log: by permission, filtered, as a page and as CSV."""

import csv
import io

import pytest
from django.contrib.auth.models import Permission

from conversations.models import ReviewAccess
from conversations.review import access_log_page
from tests.support.review_stage import opened

pytestmark = pytest.mark.once


@pytest.fixture
def auditor(client, bob):
    """Bob, who may read the log and review nothing, logged in."""
    bob.user_permissions.through.objects.create(
        person=bob, permission=Permission.objects.get(codename="view_reviewaccess")
    )
    client.force_login(bob)
    return client


@pytest.fixture
def acts(desk, conversation):
    """Alice's conversation was opened and flagged."""
    _page, path = opened(desk, conversation, reason="legal", explanation="=HYPERLINK(1)")
    desk.post(path.replace("/?", "/flag/?"), {"flagged": "true"})
    desk.logout()


def read_csv(answer):
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_it_shows_who_did_what_whose_and_why(acts, auditor, conversation):
    text = auditor.get("/review/log/").content.decode()
    for said in ("ruth", "alice", "opened", "flagged", "Legal request", "127.0.0.1"):
        assert said in text


def test_reading_it_does_not_open_the_door(acts, auditor, conversation):
    assert auditor.get("/review/").status_code == 404
    assert auditor.get(f"/review/{conversation.pk}/").status_code == 404


@pytest.mark.parametrize("path", ["/review/log/", "/review/log.csv"])
def test_reviewers_need_the_permission_to_read_it(desk, path):
    assert desk.get(path).status_code == 404


def test_superusers_may_read_it(client, administrator):
    client.force_login(administrator)
    assert client.get("/review/log/").status_code == 200


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("reviewer=ruth", 2),
        ("reviewer=alice", 0),
        ("owner=alice", 2),
        ("action=flagged", 1),
        ("reason=legal", 2),
        ("reason=quality", 0),
        ("conversation={}", 2),
        ("since=2000-01-01", 2),
        ("since=2199-01-01", 0),
        ("until=2000-01-01", 0),
        ("reviewer=999999", 0),
    ],
)
def test_it_can_be_filtered(acts, auditor, conversation, query, found):
    page = auditor.get(f"/review/log/?{query.format(conversation.pk)}")
    assert len(page.context["rows"]) == found


@pytest.mark.parametrize("query", ["reviewer=nobody", "conversation=7", "since=soon", "action=x"])
def test_a_filter_that_makes_no_sense_is_named(acts, auditor, query):
    page = auditor.get(f"/review/log/?{query}")
    assert page.status_code == 422
    assert "errorlist" in page.content.decode()


def test_the_csv_has_every_row_and_is_recorded(acts, auditor, bob, conversation):
    answer = auditor.get("/review/log.csv?owner=alice")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    flagged, first = read_csv(answer)
    assert (first["reviewer"], first["owner"], first["action"]) == ("ruth", "alice", "opened")
    assert (first["conversation_id"], first["reason"]) == (str(conversation.pk), "legal")
    assert flagged["previous"] == first["hash"]
    row = ReviewAccess.objects.latest("number")
    assert (row.action, row.reviewer_id, row.words) == ("exported", bob.pk, {"log": "owner=alice"})


def test_no_cell_of_the_csv_is_a_formula(acts, auditor):
    assert read_csv(auditor.get("/review/log.csv"))[-1]["explanation"] == "'=HYPERLINK(1)"


def test_a_row_outlives_the_people_and_the_conversation(acts, auditor, alice, reviewer):
    before = list(ReviewAccess.objects.order_by("number").values())
    reviewer.delete()
    alice.delete()
    assert list(ReviewAccess.objects.order_by("number").values()) == before
    text = auditor.get("/review/log/").content.decode()
    assert "erased person" in text and "ruth" not in text


def test_older_rows_are_on_further_pages(auditor):
    for _number in range(access_log_page.PAGE + 5):
        ReviewAccess.objects.record("searched", reviewer_id=1)
    first = auditor.get("/review/log/")
    second = auditor.get(f"/review/log/?before={first.context['before']}")
    numbers = [row.number for page in (first, second) for row in page.context["rows"]]
    assert numbers == list(range(access_log_page.PAGE + 5, 0, -1))
    assert second.context["before"] is None
