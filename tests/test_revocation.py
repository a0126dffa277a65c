"""Whose password, address or rights change is out: sessions at once, event streams in seconds."""

import re
import threading
import time

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.sessions.models import Session

from conversations.models import Person
from tests.conftest import make_person
from tests.support.visitor import session_of

PROMISED = 10  # seconds
PEOPLE = "/admin/conversations/person/"


def permission():
    return Permission.objects.get(codename="review_conversation")


def change_password(person):
    person.set_password("another long phrase")
    person.save()


def change_address(person):
    person.email = "new@example.org"
    person.save()


def make_staff(person):
    person.is_staff = True
    person.save()


def make_superuser(person):
    person.is_superuser = True
    person.save(update_fields=["is_superuser"])


def deactivate(person):
    person.is_active = False
    person.save()


def join_group(person):
    person.groups.add(Group.objects.create(name="Team"))


def take_in(person):
    Group.objects.create(name="Crew").user_set.add(person)


def leave_all_groups(person):
    Person.groups.through.objects.create(person=person, group=Group.objects.get(name="Reviewers"))
    person.groups.clear()


def give_permission(person):
    person.user_permissions.add(permission())


def give_permission_to_group(person):
    group = Group.objects.create(name="Readers")
    Person.groups.through.objects.create(person=person, group=group)
    group.permissions.add(permission())


def take_permission_from_all_groups(person):
    group = Group.objects.get(name="Reviewers")
    Person.groups.through.objects.create(person=person, group=group)
    permission().group_set.clear()


def delete_group(person):
    group = Group.objects.create(name="Short-lived")
    Person.groups.through.objects.create(person=person, group=group)
    group.delete()


def delete_account(person):
    person.delete()


CHANGES = (
    change_password,
    change_address,
    make_staff,
    make_superuser,
    deactivate,
    join_group,
    take_in,
    leave_all_groups,
    give_permission,
    give_permission_to_group,
    take_permission_from_all_groups,
    delete_group,
    delete_account,
)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_change_ends_every_session_of_the_person_and_of_nobody_else(client, alice, bob, change):
    client.cookies["session"] = session_of(alice)
    elsewhere = type(client)()
    elsewhere.cookies["session"] = session_of(alice)
    neighbour = type(client)()
    neighbour.cookies["session"] = session_of(bob)
    change(Person.objects.get(pk=alice.pk))
    assert client.get("/account/").status_code == 302
    assert elsewhere.get("/account/").status_code == 302
    assert neighbour.get("/account/").status_code == 200


@pytest.mark.parametrize("fields", [None, ["last_login"], ["first_name", "theme"]])
def test_what_changes_no_right_ends_no_session(client, alice, fields):
    client.cookies["session"] = session_of(alice)
    alice.first_name = "Alicia"
    alice.save(update_fields=fields)
    alice.groups.set([])
    assert client.get("/account/").status_code == 200


@pytest.mark.once
def test_whoever_changes_their_own_address_stays_logged_in_there(client, alice, mailoutbox):
    elsewhere = type(client)()
    elsewhere.cookies["session"] = session_of(alice)
    client.cookies["session"] = session_of(alice)
    client.post("/accounts/email/", {"email": "new@example.org", "action_add": ""})
    link = re.search(r"http://testserver(\S+)", mailoutbox[-1].body)[1]
    assert client.post(link).status_code == 302
    alice.refresh_from_db()
    assert alice.email == "new@example.org"
    assert client.get("/account/").status_code == 200
    assert elsewhere.get("/account/").status_code == 302


@pytest.mark.once
def test_an_administrator_who_joins_a_group_stays_logged_in_there(client, administrator):
    client.force_login(administrator)
    group = Group.objects.create(name="Team")
    form = {"username": "administrator", "theme": "system", "groups": group.pk, "is_staff": "on"}
    answer = client.post(f"{PEOPLE}{administrator.pk}/change/", form)
    assert answer.status_code == 302 and administrator.groups.exists()
    assert client.get("/admin/").status_code == 200


@pytest.mark.once
def test_sessions_that_are_over_are_not_looked_into(alice):
    key = session_of(alice)
    Session.objects.filter(session_key=key).update(expire_date="2020-01-01T00:00:00Z")
    Person.end_sessions([alice.pk])
    assert Session.objects.filter(session_key=key).exists()


def test_a_change_ends_the_open_streams_of_the_person(make_server, visit, transactional_db):
    server = make_server()
    people = {change: make_person(change.__name__) for change in CHANGES}
    bystander = make_person("bystander")
    ended = {}

    def watch(person):
        visitor = visit(server, person)
        call = visitor.ask('[[gateway:{"pieces": 2000, "pace": 0.05}]]')

        def read():
            with visitor.events(call.pk) as stream:
                for _event in stream:
                    watching.set()
            ended[person.username] = time.monotonic()

        watching = threading.Event()
        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        assert watching.wait(60)
        return thread

    threads = [watch(person) for person in people.values()]
    last = watch(bystander)
    assert not ended
    began = time.monotonic()
    for change, person in people.items():
        change(Person.objects.get(pk=person.pk))
    for thread in threads:
        thread.join(60)
    assert ended.keys() == {person.username for person in people.values()}
    assert max(ended.values()) - began < PROMISED + 5  # a busy machine is given five
    assert last.is_alive()
    Person.end_sessions([bystander.pk])
    last.join(60)


def test_deactivating_in_the_administration_ends_requests_and_streams(
    server, visit, transactional_db
):
    alice = make_person("alice")
    administrator = make_person("administrator", is_staff=True, is_superuser=True)
    visitor, office = visit(server, alice), visit(server, administrator)
    call = visitor.ask('[[gateway:{"pieces": 2000, "pace": 0.05}]]')
    ended = threading.Event()

    def watch():
        with visitor.events(call.pk) as stream:
            for _event in stream:
                pass
        ended.set()

    watcher = threading.Thread(target=watch)
    watcher.start()
    time.sleep(1)
    assert not ended.is_set()
    answer = office.post(PEOPLE, {"action": "deactivate", "_selected_action": alice.pk})
    assert answer.status_code == 302
    assert not Person.objects.get(pk=alice.pk).is_active
    assert visit(server, None).get("/").status_code == 302
    refused = visitor.http.get("/")
    assert (refused.status_code, refused.headers["Location"].partition("?")[0]) == (
        302,
        "/accounts/login/",
    )
    assert ended.wait(PROMISED)
    watcher.join()
