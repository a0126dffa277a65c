"""What people are told of the review of their own conversations."""

import pytest
from django.utils.html import escape

from conversations.models import ReviewAccess
from tests.support.review_stage import opened

pytestmark = pytest.mark.once

RULE = "Conversations here may be reviewed"


@pytest.fixture
def account(client, alice, desk, conversation):
    """Alice's account page after her conversation was opened."""
    opened(desk, conversation)
    client.force_login(alice)
    return lambda: client.get("/account/").content.decode()


def test_it_says_the_rule_and_when_and_why(account):
    text = account()
    assert RULE in text
    assert "Complaint" in text
    assert "Ruth" not in text and escape("She asked us to.") not in text


def test_it_says_by_whom_where_the_site_wants_that(account, settings):
    settings.REVIEW_NOTICE = "full"
    assert "Ruth Viewer" in account()


def test_it_can_be_off(account, settings):
    settings.REVIEW_NOTICE = "off"
    text = account()
    assert RULE not in text and "Complaint" not in text


def test_it_tells_each_person_only_of_their_own(account, client, bob):
    client.force_login(bob)
    text = client.get("/account/").content.decode()
    assert RULE in text and "Complaint" not in text


def test_a_reviewer_who_is_gone_is_named_erased(account, settings, reviewer):
    settings.REVIEW_NOTICE = "full"
    reviewer.delete()
    text = account()
    assert "Complaint, erased person" in text
    assert ReviewAccess.objects.count() == 1
