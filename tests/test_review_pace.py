"""How fast a reviewer may read, and that an explanation can be read."""

import threading
import time

import pytest
import time_machine
from django.db import connections, transaction

from conversations.models import ReviewAccess, ReviewNote
from conversations.review.reading_pace import TooManyReadings, check_pace
from conversations.review.visible_text import has_visible_text
from tests.support.review_stage import QUESTION, converse, opened

REASON = {"reason": "complaint", "explanation": "She asked us to."}

INVISIBLE = {
    "blanks": " \t\u00a0\u2003\u3000",
    "zero-width space": "\u200b",
    "word joiner": "\u2060",
    "zero-width joiners": "\u200c\u200d",
    "byte order mark": "\ufeff",
    "soft hyphen": "\u00ad",
    "override of direction": "\u202e\u202c",
    "isolate": "\u2066\u2069",
    "tags": "\U000e0041\U000e0042",
    "line separator": "\u2028",
    "combining only": "\u0301\u0308",
    "grapheme joiner": "\u034f",
    "variation selectors": "\ufe0f\U000e0100",
    "enclosing mark": "\u20dd",
    "fillers of Hangul": "\u3164\uffa0\u115f\u1160",
    "blank of Braille": "\u2800",
    "vowels of Khmer that are not drawn": "\u17b4\u17b5",
    "separator of Mongolian": "\u180e",
    "invisible plus": "\u2064",
    "private use": "\ue000",
    "not assigned": "\u0378",
    "null of music": "\U0001d159",
    "dots": "...",
}


@pytest.mark.parametrize("text", INVISIBLE.values(), ids=INVISIBLE)
def test_an_explanation_that_cannot_be_seen_is_none(desk, conversation, text):
    for explanation in (text, text * 40, f" {text} "):
        given = {"reason": "complaint", "explanation": explanation}
        page = desk.post(f"/review/{conversation.pk}/", given)
        assert page.status_code == 422
        assert "Say in a sentence why you open it." in page.content.decode()
        assert QUESTION not in page.content.decode()
    assert not ReviewAccess.objects.exists()


@pytest.mark.once
@pytest.mark.parametrize(
    "text", ["x", "她请求的。", "طلبت ذلك", "ᄒ", "7", "e\u0301", "क्ष", "\u200bok"]
)
def test_an_explanation_in_any_script_is_one(text):
    assert has_visible_text(text)


@pytest.mark.once
def test_a_note_that_cannot_be_seen_is_none(desk, conversation):
    _page, here = opened(desk, conversation)
    query = here.partition("?")[2]
    path = f"/review/{conversation.pk}/note/?{query}"
    assert desk.post(path, {"text": "\u2800\u3164"}).status_code == 422
    assert not ReviewNote.objects.exists()


def test_a_reviewer_above_the_limit_waits(desk, alice, reviewer, settings):
    settings.REVIEW_READINGS_PER_HOUR = 3
    talks = [converse(alice) for _number in range(5)]
    for talk in talks[:3]:
        opened(desk, talk)
    for talk in talks[3:]:
        page = desk.post(f"/review/{talk.pk}/", REASON)
        assert page.status_code == 429
        assert 3_590 <= int(page.headers["Retry-After"]) <= 3_600
        text = page.content.decode()
        assert "limit of readings an hour (3)" in text and "60 minutes" in text
        assert QUESTION not in text
    # The refusal is in the log, once; what was refused is not.
    assert list(ReviewAccess.objects.order_by("number").values_list("action", flat=True)) == [
        "opened",
        "opened",
        "opened",
        "limited",
    ]
    assert ReviewAccess.objects.get(action="limited").reviewer_id == reviewer.pk
    assert not list(ReviewAccess.verify())
    with time_machine.travel(time.time() + 3_601):
        opened(desk, talks[3], explanation="An hour later.")


def test_every_kind_of_reading_counts(desk, conversation, settings):
    settings.REVIEW_READINGS_PER_HOUR = 3
    _page, here = opened(desk, conversation)
    response = conversation.responses.first()
    query = here.partition("?")[2]
    path = f"/review/{conversation.pk}/responses/{response.pk}/input/?{query}"
    assert desk.get(here).status_code == 200
    assert desk.get(path).status_code == 200
    assert desk.get(path).status_code == 429
    refused = desk.get(here)
    assert refused.status_code == 429 and QUESTION not in refused.content.decode()
    # What shows no text does not.
    assert desk.get("/review/").status_code == 200
    flagged = desk.post(f"/review/{conversation.pk}/flag/?{query}", {"flagged": "true"})
    assert flagged.status_code == 303


def test_the_limit_is_of_each_reviewer_and_0_is_none(desk, conversation, reviewer, settings):
    settings.REVIEW_READINGS_PER_HOUR = 1
    for _time in range(3):
        ReviewAccess.objects.record("opened", reviewer_id=reviewer.pk + 1)
    opened(desk, conversation)
    settings.REVIEW_READINGS_PER_HOUR = 0
    for _time in range(3):
        opened(desk, conversation)


@pytest.mark.django_db(transaction=True)
def test_readings_at_the_same_time_count_each_other(settings, reviewer):
    settings.REVIEW_READINGS_PER_HOUR = 5
    reviewer_id, start, refused, errors = reviewer.pk, threading.Barrier(12), [], []

    def read():
        start.wait()
        try:
            with transaction.atomic():
                ReviewAccess.objects.record("opened", reviewer_id=reviewer_id)
                check_pace(reviewer_id)
        except TooManyReadings as error:
            refused.append(error)
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    readers = [threading.Thread(target=read) for _number in range(12)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert errors == []
    assert len(refused) == 7
    assert ReviewAccess.objects.count() == 5
    assert all(0 < error.retry_after <= 3_600 for error in refused)
