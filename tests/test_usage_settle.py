"""The end of a call writes the books, in the same transaction."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from conversations.models import Message, Price, Response, UsageDay, UsageRollup
from conversations.replies import recovery, response_states
from tests.support.ledger_rows import (
    REFUSED,
    REPORTED,
    STOPPED,
    Source,
    ask,
    balanced,
    call,
    end,
    past_call,
)


def test_a_reported_call_is_entered_as_reported(alice):
    response = call(alice)
    day = UsageDay.objects.get()
    assert (day.person_id, day.model, day.purpose) == (alice.pk, "gpt-4o", "reply")
    assert (day.calls, day.replies, day.reported, day.estimated) == (1, 1, 1, 0)
    assert (day.input_tokens, day.cached_tokens) == (1_000, 400)
    assert (day.output_tokens, day.reasoning_tokens, day.total_tokens) == (100, 20, 1_100)
    assert response.estimated_input_tokens is None
    assert balanced()


def test_cached_and_reasoning_tokens_are_priced_as_parts(alice):
    Price.objects.create(
        model="gpt-4o", input=2, cached_input=1, output=10, valid_from=timezone.now()
    )
    response = call(alice)
    # 600 at 2, 400 at 1, 100 at 10 a million.
    assert response.cost == Decimal("0.0026")
    assert (response.price_input, response.price_output) == (2, 10)
    assert UsageDay.objects.get().cost == Decimal("0.0026")


def test_without_a_price_the_cost_is_unknown_not_zero(alice):
    assert call(alice).cost is None
    assert UsageDay.objects.get().unpriced == 1


def test_a_stopped_call_is_estimated_apart(alice):
    response = call(alice, STOPPED, text="x" * 400, answer="y" * 80)
    assert response.usage_source == Source.ESTIMATED
    assert response.input_tokens is response.output_tokens is response.total_tokens is None
    assert response.estimated_input_tokens == 100
    assert response.estimated_output_tokens == 20
    day = UsageDay.objects.get()
    assert (day.input_tokens, day.estimated_input_tokens) == (0, 100)
    assert balanced()


def test_estimates_count_bytes_where_nothing_was_measured(alice):
    response = call(alice, STOPPED, text="你" * 40, answer="好" * 8)
    assert response.estimated_input_tokens == 30
    assert response.estimated_output_tokens == 6


def test_estimates_go_by_what_the_model_was_measured_to_need(alice):
    measured = {**REPORTED, "input_tokens": 500, "output_tokens": 420, "reasoning_tokens": 20}
    call(alice, measured, text="x" * 1_000, answer="y" * 2_400)
    response = call(alice, STOPPED, text="x" * 100, answer="y" * 60)
    # 2 characters a token as input, 6 as output (the reasoning has no characters).
    assert response.estimated_input_tokens == 50
    assert response.estimated_output_tokens == 10


def test_an_implausible_measurement_is_no_measure(alice):
    call(alice, {**REPORTED, "input_tokens": 100_000}, text="Hi")
    assert call(alice, STOPPED, text="x" * 400).estimated_input_tokens == 100


def test_a_missing_part_of_a_report_is_estimated(alice):
    Price.objects.create(model="gpt-4o", input=1, output=1, valid_from=timezone.now())
    part = {**REPORTED, "input_tokens": None, "cached_tokens": None}
    response = call(alice, part, text="x" * 400)
    assert response.estimated_input_tokens == 100
    assert response.estimated_output_tokens is None
    assert response.cost == Decimal("0.0002")


def test_a_call_refused_before_the_model_counts_nothing(alice):
    response = call(alice, REFUSED)
    assert (response.cost, response.estimated_input_tokens) == (0, None)
    day = UsageDay.objects.get()
    assert (day.calls, day.replies, day.answered, day.failed, day.unpriced) == (1, 1, 0, 1, 0)
    assert balanced()


def test_absurd_tokens_are_not_believed(alice):
    response = call(alice, {**REPORTED, "input_tokens": 2**53, "cached_tokens": 2**53})
    assert response.usage_source == Source.ESTIMATED
    assert response.input_tokens is None
    assert balanced()


def test_the_end_is_entered_once_however_often_it_is_repeated(alice):
    response = call(alice)
    lease = Response.objects.get(pk=response.pk).lease
    assert response_states.finish(response, lease, dict(REPORTED), "again", "", "")
    assert UsageDay.objects.get().calls == 1


def test_an_end_that_cannot_be_entered_is_no_end(alice):
    response = ask(alice)
    response_states.claim(response.pk, response.pk)
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {UsageRollup._meta.db_table} RENAME TO gone")
    with pytest.raises(DatabaseError):
        response_states.finish(response, response.pk, dict(REPORTED), "text", "", "")
    response.refresh_from_db()
    assert (response.status, response.cost, response.input_tokens) == ("in_progress", None, None)
    assert not UsageDay.objects.exists()
    assert Message.objects.get(pk=response.message_id).text == ""


def test_a_crashed_call_is_estimated_from_its_partial_text(alice):
    response = ask(alice, text="x" * 400)
    response_states.claim(response.pk, response.pk)
    Response.objects.filter(pk=response.pk).update(
        partial="y" * 40, heartbeat_at=timezone.now() - timedelta(minutes=1)
    )
    assert recovery.bury(response.pk)
    response.refresh_from_db()
    assert response.usage_source == Source.ESTIMATED
    assert (response.estimated_input_tokens, response.estimated_output_tokens) == (100, 10)
    assert balanced()


def test_what_never_left_the_queue_counts_nothing(alice):
    stopped, expired = ask(alice), ask(alice)
    response_states.request_stop(stopped.pk)
    Response.objects.filter(pk=expired.pk).update(created_at=timezone.now() - timedelta(minutes=2))
    assert recovery.expire(expired.pk)
    sources = Response.objects.values_list("usage_source", flat=True)
    assert list(sources) == [Source.NONE, Source.NONE]
    assert balanced()


def test_the_day_is_that_of_the_order_in_the_sites_zone(alice, settings):
    settings.TIME_ZONE = "Asia/Tokyo"
    past_call(alice, datetime(2026, 5, 31, 15, 30, tzinfo=UTC))
    assert str(UsageDay.objects.get().day) == "2026-06-01"
    assert balanced()


def test_the_ledger_survives_its_message_conversation_and_person(alice):
    response = call(alice)
    person_id = alice.pk
    alice.delete()
    row = Response.objects.get(pk=response.pk)
    assert (row.message_id, row.conversation_id) == (None, None)
    assert (row.person_id, row.username, row.input_tokens) == (person_id, "alice", 1_000)
    assert balanced()


def test_a_reply_erased_while_it_is_written_is_still_entered(alice):
    response = ask(alice)
    lease = response.pk
    response_states.claim(response.pk, lease)
    alice.delete()
    response_states.finish(response, lease, dict(REPORTED), "text", "", "")
    assert UsageDay.objects.get().calls == 1
    assert balanced()


@pytest.mark.parametrize(
    ("part", "whole"), [("cached_tokens", "input_tokens"), ("reasoning_tokens", "output_tokens")]
)
def test_the_database_refuses_a_part_larger_than_the_whole(alice, part, whole):
    response = call(alice)
    with pytest.raises(IntegrityError), transaction.atomic():
        Response.objects.filter(pk=response.pk).update(**{part: 11, whole: 10})


def test_the_database_refuses_negative_tokens(alice):
    response = call(alice)
    with pytest.raises(IntegrityError), transaction.atomic():
        Response.objects.filter(pk=response.pk).update(total_tokens=-1)


def test_times_are_kept_as_histograms(alice):
    response = ask(alice)
    end(response, REPORTED)
    day = UsageDay.objects.get()
    assert (day.first_token_0, day.total_time_0) == (1, 1)
    call(alice, STOPPED)
    day.refresh_from_db()
    assert (day.first_token_0, day.total_time_0) == (2, 1)
