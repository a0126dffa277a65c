"""The administration asks for the password again where the login is older than half an hour."""

import time

import pytest
import time_machine
from django.contrib.auth import get_user
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session

from conversations.models import Person, Scope

PEOPLE = "/admin/conversations/person/"
LATER = 31 * 60  # seconds
ASKS = "/accounts/reauthenticate/"


@pytest.fixture
def office(client, administrator):
    """The administrator, logged in half an hour ago by the login form."""
    form = {"login": "administrator", "password": "correct horse"}
    # From an address of its own: that of other tests may have used up its failures.
    answer = client.post("/accounts/login/", form, REMOTE_ADDR="192.0.2.77")
    assert answer.status_code == 302
    with time_machine.travel(time.time() + LATER):
        yield client


def asked(answer):
    return answer.status_code == 302 and answer.headers["Location"].startswith(ASKS)


def test_pages_that_grant_power_ask_again(office, alice):
    group = Group.objects.create(name="Team")
    for path in (
        f"{PEOPLE}add/",
        f"{PEOPLE}{alice.pk}/change/",
        f"{PEOPLE}{alice.pk}/password/",
        f"{PEOPLE}{alice.pk}/delete/",
        "/admin/auth/group/add/",
        f"/admin/auth/group/{group.pk}/change/",
        f"/admin/auth/group/{group.pk}/delete/",
        "/admin/conversations/scope/add/",
        "/admin/conversations/usagescope/add/",
    ):
        assert asked(office.get(path)), path
        assert asked(office.post(path, {"post": "yes"})), path
    action = {"action": "deactivate", "_selected_action": [alice.pk]}
    assert asked(office.post(PEOPLE, action))
    assert Person.objects.get(pk=alice.pk).is_active
    assert Group.objects.filter(pk=group.pk).exists()


@pytest.mark.once
def test_what_grants_no_power_asks_nothing(office):
    for path in ("/admin/", PEOPLE, "/admin/auth/group/", "/admin/conversations/price/add/"):
        assert office.get(path).status_code == 200, path


@pytest.mark.once
def test_a_form_goes_through_once_the_password_was_given(office, reviewer):
    group = Group.objects.create(name="Team")
    form = {"reviewer": reviewer.pk, "group": group.pk}
    question = office.post("/admin/conversations/scope/add/", form)
    assert asked(question) and not Scope.objects.exists()
    wrong = office.post(question.headers["Location"], {"password": "wrong"})
    assert wrong.status_code == 200 and not Scope.objects.exists()
    given = {"password": "correct horse", "next": "/admin/conversations/scope/add/"}
    office.post(ASKS, given)
    assert Scope.objects.get().group == group
    # It is recent now.
    assert office.get("/admin/conversations/scope/add/").status_code == 200


@pytest.mark.once
def test_a_form_with_a_new_password_is_not_kept_in_the_session(office, alice):
    path = f"{PEOPLE}{alice.pk}/password/"
    new = {"password1": "unheard-of phrase", "password2": "unheard-of phrase"}
    question = office.post(path, {**new, "usable_password": "true"})
    assert asked(question)
    for session in Session.objects.all():
        assert "unheard-of" not in str(session.get_decoded())
    page = office.get(question.headers["Location"]).content.decode()
    assert "Nothing was saved" in page
    given = {"password": "correct horse", "next": path}
    assert office.post(ASKS, given).headers["Location"] == path
    assert Person.objects.get(pk=alice.pk).check_password("correct horse")


@pytest.mark.once
def test_who_has_no_password_logs_in_anew(office, administrator):
    """As after single sign-on: there is nothing to ask for but a new login."""
    administrator.set_unusable_password()
    administrator.save()
    session = office.session
    session["_auth_user_hash"] = administrator.get_session_auth_hash()
    session.save()
    answer = office.get(f"{PEOPLE}add/")
    assert answer.headers["Location"] == f"/accounts/login/?next={PEOPLE}add/"
    assert not get_user(office).is_authenticated
    assert "too old for this page" in office.get(answer.headers["Location"]).content.decode()


@pytest.mark.once
def test_a_session_without_a_note_of_its_login_counts_from_when_it_was_written(
    client, administrator
):
    client.force_login(administrator)
    assert client.get(f"{PEOPLE}add/").status_code == 200
    with time_machine.travel(time.time() + LATER):
        assert asked(client.get(f"{PEOPLE}add/"))


@pytest.mark.once
def test_guesses_at_the_password_are_limited(office):
    for _time in range(11):
        answer = office.post(ASKS, {"password": "wrong"})
    assert answer.status_code == 429 or "Too many" in answer.content.decode()
    page = office.post(ASKS, {"password": "correct horse"})
    assert page.status_code == 429 or "Too many" in page.content.decode()
