"""Prepared queries: each yields what its queryset, compiled by Django anew, yields."""

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations.accounts import sessions
from conversations.database.prepared_query import Parameter, PreparedQuery
from conversations.models import Budget, Conversation, LanguageModel, Person, Response, budget
from conversations.models import language_model as language_models
from conversations.models import person as people
from conversations.usage import budgets

pytestmark = pytest.mark.django_db

PREPARED = {
    people._by_key: {"pk": 1},
    sessions._unexpired: {"key": "k" * 32, "now": timezone.now()},
    language_models._enabled: {},
    language_models._limits_to_groups: {},
    budget._applying: {"person": 1},
    budgets._locked_person: {"pk": 1},
    budgets._open_replies: {"person": 1},
}


def of(queryset, **values):
    """Return what `queryset` yields, prepared."""
    return PreparedQuery(lambda: queryset)(**values)


@pytest.mark.parametrize("prepared", PREPARED)
def test_every_prepared_query_can_be_asked_and_runs_one_statement(prepared):
    values = PREPARED[prepared]

    with transaction.atomic(), CaptureQueriesContext(connection) as seen:
        assert isinstance(prepared(**values), list)

    assert sum("SELECT" in query["sql"] for query in seen.captured_queries) == 1


def test_whole_objects_have_the_values_and_types_that_django_reads(alice):
    conversation = Conversation.objects.create(owner=alice, title="Größe", pinned_at=None)
    Response.objects.create(
        conversation=conversation,
        person_id=alice.pk,
        username=alice.username,
        model="m",
        request={"temperature": [0.5, None]},
        price_input=Decimal("1.250000"),
        lease=uuid.uuid4(),
        first_token_at=timezone.now(),
    )

    for model in (Conversation, Response, Person):
        (expected,) = model.objects.all()
        (found,) = of(model.objects.filter(pk=Parameter("pk", model._meta.pk)), pk=expected.pk)
        assert found == expected
        assert not found._state.adding
        for field in model._meta.concrete_fields:
            value = getattr(found, field.attname)
            assert value == getattr(expected, field.attname)
            assert type(value) is type(getattr(expected, field.attname))


def test_fields_that_were_left_out_are_read_when_they_are_asked_for(alice):
    Conversation.objects.create(owner=alice, title="First")

    (found,) = of(Conversation.objects.only("id"))

    assert found.get_deferred_fields() >= {"title"}
    assert found.title == "First"


def test_tuples_and_single_values_are_converted(alice):
    conversation = Conversation.objects.create(owner=alice, title="First")
    mine = Conversation.objects.filter(owner_id=Parameter("owner", Person._meta.pk))

    assert of(mine.values_list("pk", "title"), owner=alice.pk) == [(conversation.pk, "First")]
    assert of(mine.values_list("pk", flat=True), owner=alice.pk) == [conversation.pk]


def test_values_of_one_call_are_not_kept_for_the_next(alice, bob):
    find = PreparedQuery(
        lambda: Person.objects.filter(
            pk=Parameter("pk", Person._meta.pk),
            date_joined__gt=Parameter("since", Person._meta.get_field("date_joined")),
        )
    )
    before, after = timezone.now() - timedelta(days=1), timezone.now() + timedelta(days=1)

    assert find(pk=alice.pk, since=before) == [alice]
    assert find(pk=bob.pk, since=before) == [bob]
    assert find.first(pk=bob.pk, since=after) is None


def test_a_missing_value_is_an_error(alice):
    with pytest.raises(KeyError):
        of(Person.objects.filter(pk=Parameter("pk", Person._meta.pk)))


def test_rows_that_were_added_since_it_was_compiled_are_found(alice):
    assert Budget.objects.for_person(alice.pk) == []
    everyone = Budget.objects.create(period="day", metric="tokens", limit=10)
    own = Budget.objects.create(period="day", metric="cost", limit=Decimal("0.5"), person=alice)
    theirs = Group.objects.create(name="theirs")
    Budget.objects.create(period="day", metric="tokens", limit=10, group=theirs)

    assert set(Budget.objects.for_person(alice.pk)) == {everyone, own}
    assert LanguageModel.objects.offered_to(alice)
