"""Two administrators who demote, deactivate, delete or erase each other at the same time: one of
them stays, whichever came first."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction
from django.test import Client
from django.utils import timezone

from conversations.admin.role_forms import PersonForm
from conversations.models import Person
from tests.conftest import make_person
from tests.support.polling import until

ON_POSTGRESQL = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite has one writer at a time"
)
PEOPLE = "/admin/conversations/person/"
FORM = {"theme": "system", "is_active": "on"}
DEEDS = {
    "demoted": ("{pk}/change/", {**FORM, "is_staff": "on"}),
    "made inactive": ("{pk}/change/", {"theme": "system", "is_superuser": "on", "is_staff": "on"}),
    "deactivated": ("", {"action": "deactivate"}),
    "deleted": ("{pk}/delete/", {"post": "yes"}),
    "deleted from the list": ("", {"action": "delete_selected", "post": "yes"}),
    "erased": ("{pk}/erase/", {}),
}


def make_administrator(name):
    """Somebody who was here just now, so that their next request need not note that first."""
    return make_person(name, is_superuser=True, is_staff=True, last_seen_at=timezone.now())


@pytest.fixture
def ada():
    return make_administrator("ada")


@pytest.fixture
def grace():
    return make_administrator("grace")


def logged_in(person):
    client = Client()
    client.force_login(person)
    return client


def do(deed, client, person):
    """What the browser of an administrator sends to have `person` demoted."""
    path, form = DEEDS[deed]
    form = {**form, "username": person.username, "_selected_action": person.pk}
    return client.post(PEOPLE + path.format(pk=person.pk), form)


def administrators():
    active = Person.objects.filter(is_superuser=True, is_active=True)
    return list(active.values_list("username", flat=True))


def waits_for_a_lock():
    """Whether another connection to this database waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return cursor.fetchone()[0] > 0


class AtOnce:
    """Within it one administrator has done something and has not committed it, until another, in
    `then`, waits for it."""

    def __enter__(self):
        self._thread = ThreadPoolExecutor(1)
        self._transaction = transaction.atomic()
        self._transaction.__enter__()
        return self

    def then(self, function, *arguments):
        """Call `function` in a connection of its own, until it waits or is done; a Future."""

        def in_a_connection_of_its_own():
            try:
                return function(*arguments)
            finally:
                connections.close_all()

        other = self._thread.submit(in_a_connection_of_its_own)
        until(lambda: other.done() or waits_for_a_lock(), 30)
        return other

    def __exit__(self, *error):
        self._transaction.__exit__(*error)
        self._thread.shutdown()


@ON_POSTGRESQL
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("deed", DEEDS)
def test_of_two_who_do_it_to_each_other_at_once_one_stays(ada, grace, deed):
    hers, his = logged_in(ada), logged_in(grace)
    with AtOnce() as at_once:
        do(deed, hers, grace)
        other = at_once.then(do, deed, his, ada)
    # Refused on the page, or as somebody whose session has just been ended.
    assert other.result(30).status_code in (200, 302, 400, 409)
    assert administrators() == ["ada"]


@ON_POSTGRESQL
@pytest.mark.django_db(transaction=True)
def test_who_saves_their_own_page_gets_no_right_back_that_is_taken_meanwhile(ada, grace):
    hers, his = logged_in(ada), logged_in(grace)
    own = {"username": "grace", "last_name": "Hopper", "theme": "system"}
    with AtOnce() as at_once:
        do("demoted", hers, grace)
        other = at_once.then(his.post, f"{PEOPLE}{grace.pk}/change/", own)
    other.result(30)
    grace.refresh_from_db()
    assert (grace.last_name, grace.is_superuser) == ("Hopper", False)


@pytest.mark.django_db
@pytest.mark.parametrize("deed", ["demoted", "made inactive"])
def test_the_form_does_not_take_the_last_one(ada, deed):
    form = {**DEEDS[deed][1], "username": "ada"}
    given = PersonForm(form, instance=ada)
    assert not given.is_valid()
    assert "only administrator" in str(given.errors)


@pytest.mark.django_db
@pytest.mark.parametrize("deed", DEEDS)
def test_one_of_two_can_be_taken(ada, grace, deed):
    assert do(deed, logged_in(ada), grace).status_code == 302
    assert administrators() == ["ada"]


@pytest.mark.once
@pytest.mark.django_db
def test_the_last_password_of_an_administrator_is_not_taken_away(ada, grace):
    form = {"usable_password": "false", "unset-password": ""}
    hers = logged_in(ada)
    assert hers.post(f"{PEOPLE}{grace.pk}/password/", form).status_code == 302
    page = hers.post(f"{PEOPLE}{ada.pk}/password/", form)
    assert "No other administrator has a password" in page.content.decode()
    ada.refresh_from_db()
    assert ada.has_usable_password()
