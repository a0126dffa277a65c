"""Sessions in the database: who has one is known, until it ends."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from conversations.models import Person


def test_a_session_lasts_until_its_time_is_over(client, alice):
    client.force_login(alice)
    assert client.get("/account/").status_code == 200
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert client.get("/account/").status_code == 302


def test_a_session_that_nobody_knows_is_nobodys(client, alice):
    client.force_login(alice)
    Session.objects.all().delete()
    assert client.get("/account/").status_code == 302


def test_it_costs_two_statements_to_know_who_asks(client, alice, django_assert_max_num_queries):
    client.force_login(alice)
    client.get("/robots.txt")  # notes when it was last seen
    with django_assert_max_num_queries(2) as asked:
        client.get("/robots.txt")
    tables = [query["sql"].partition(" FROM ")[2].split()[0] for query in asked.captured_queries]
    assert tables == ['"django_session"', '"conversations_person"']


def test_a_person_is_found_by_id_or_not_at_all(alice):
    assert Person.objects.get(pk=alice.pk) == alice
    assert Person.objects.get(pk=str(alice.pk)) == alice
    with pytest.raises(Person.DoesNotExist):
        Person.objects.get(pk=alice.pk + 1)
