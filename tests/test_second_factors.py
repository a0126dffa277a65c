"""Second factors: apps, recovery codes, who must have one, and what an administrator resets."""

import re
import time
from importlib import import_module

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.contrib.auth import get_user
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from conversations.models import Person, ReviewAccess
from tests.support.identity_provider import log_in as log_in_there

PASSWORD = "correct horse"
KEY = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SETUP = "/accounts/2fa/"
URLS = ("allauth.mfa.urls", "conversations.accounts.factor_urls")


def code(secret=KEY, later=0):
    """What an app shows now, or `later` seconds from now."""
    return format_hotp_value(hotp_value(secret, int(time.time() + later) // 30))


def log_in(client, name):
    return client.post("/accounts/login/", {"login": name, "password": PASSWORD}, follow=True)


@pytest.fixture
def app(alice):
    """alice's authenticator app; the row, with recovery codes beside it."""

    TOTP.activate(alice, KEY)
    RecoveryCodes.activate(alice)
    return Authenticator.objects.get(user=alice, type="totp")


def test_an_app_is_set_up_and_asked_for(client, alice, settings):
    settings.SITE_NAME = "Our chat"
    log_in(client, "alice")
    asks = client.get("/accounts/2fa/totp/activate/", follow=True)
    client.post(asks.redirect_chain[-1][0], {"password": PASSWORD})
    page = client.get("/accounts/2fa/totp/activate/").content.decode()
    # The code is part of the page: the policy lets no data: image load.
    assert "<svg" in page and "data:image" not in page and "style=" not in page
    secret = re.search(r"<code>([A-Z2-7]{32})</code>", page)[1]
    wrong = client.post("/accounts/2fa/totp/activate/", {"code": "000000"})
    assert "Incorrect code" in wrong.content.decode() and secret in wrong.content.decode()
    codes = client.post("/accounts/2fa/totp/activate/", {"code": code(secret)}, follow=True)
    recovery = re.findall(r"<code>(\d{8})</code>", codes.content.decode())
    assert len(recovery) == 10
    # Neither stands in the database as it is.
    kept = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in kept and recovery[0] not in kept
    other = Client()
    assert "Second factor" in log_in(other, "alice").content.decode()
    assert not get_user(other).is_authenticated
    other.post("/accounts/2fa/authenticate/", {"code": code(secret, later=30)})
    other.post("/accounts/2fa/trust/", {"action": "skip"})
    assert get_user(other) == alice


def test_a_recovery_code_works_once(client, alice, app):
    first = RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).get_unused_codes()[0]
    for attempt, inside in ((Client(), True), (Client(), False)):
        log_in(attempt, "alice")
        attempt.post("/accounts/2fa/authenticate/", {"code": first})
        attempt.post("/accounts/2fa/trust/", {"action": "skip"})
        assert get_user(attempt).is_authenticated == inside


@pytest.mark.once
def test_a_code_of_the_app_works_once(client, alice, app):
    shown = code()
    for attempt, inside in ((Client(), True), (Client(), False)):
        log_in(attempt, "alice")
        attempt.post("/accounts/2fa/authenticate/", {"code": shown})
        attempt.post("/accounts/2fa/trust/", {"action": "skip"})
        assert get_user(attempt).is_authenticated == inside


@pytest.mark.once
def test_guesses_at_the_code_are_limited(client, alice, app):
    log_in(client, "alice")
    for _time in range(12):
        page = client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    page = client.post("/accounts/2fa/authenticate/", {"code": code()})
    assert page.status_code == 429 or "Too many" in page.content.decode()
    assert not get_user(client).is_authenticated


@pytest.mark.once
def test_a_browser_can_be_remembered_until_the_factor_changes(client, alice, app):
    log_in(client, "alice")
    client.post("/accounts/2fa/authenticate/", {"code": code()})
    client.post("/accounts/2fa/trust/", {"action": "trust"})
    client.post("/accounts/logout/")
    log_in(client, "alice")
    assert get_user(client) == alice
    client.post("/accounts/logout/")
    Authenticator.objects.filter(type="totp").delete()
    TOTP.activate(alice, KEY)
    log_in(client, "alice")
    assert not get_user(client).is_authenticated


@pytest.mark.once
def test_a_secret_key_that_is_lost_opens_nothing(client, alice, app, settings):
    former = settings.SECRET_KEY
    settings.SECRET_KEY = "another key of at least thirty-two characters"
    log_in(client, "alice")
    client.post("/accounts/2fa/authenticate/", {"code": code()})
    assert "trust" not in client.get("/accounts/2fa/authenticate/").headers.get("Location", "")
    settings.SECRET_KEY_FALLBACKS = [former]
    answer = client.post("/accounts/2fa/authenticate/", {"code": code(later=30)})
    assert answer.headers["Location"] == "/accounts/2fa/trust/"


# --- Who must have one ----------------------------------------------------------------------

ROLES = ("alice", "staff", "reviewer")


@pytest.mark.parametrize(
    ("required", "asked"),
    [
        ("none", set()),
        ("staff", {"staff"}),
        ("reviewers", {"staff", "reviewer"}),
        ("everyone", {"alice", "staff", "reviewer"}),
    ],
)
def test_those_who_must_have_one_are_led_to_set_it_up(
    settings, alice, administrator, reviewer, required, asked
):
    settings.MFA_REQUIRED = required
    found = set()
    for role, person in zip(ROLES, (alice, administrator, reviewer), strict=True):
        client = Client()
        log_in(client, person.username)
        answer = client.get("/account/")
        if answer.status_code == 302:
            assert answer.headers["Location"] == SETUP
            assert "asks for a second factor" in client.get(SETUP).content.decode()
            assert client.post("/", {"text": "Hello"}).headers["Location"] == SETUP
            assert client.get("/admin/").headers["Location"] == SETUP
            assert client.get("/accounts/password/change/").status_code == 200
            found.add(role)
    assert found == asked


@pytest.mark.once
def test_who_has_one_goes_on_and_who_takes_it_off_does_not(client, settings, alice, app):
    settings.MFA_REQUIRED = "everyone"
    log_in(client, "alice")
    client.post("/accounts/2fa/authenticate/", {"code": code()})
    client.post("/accounts/2fa/trust/", {"action": "skip"})
    assert client.get("/account/").status_code == 200
    app.delete()
    # Recovery codes alone are none.
    assert client.get("/account/").headers["Location"] == SETUP


@pytest.mark.parametrize(("exempt", "status"), [(True, 200), (False, 302)])
def test_people_of_single_sign_on_are_exempt_unless_said_otherwise(
    client, directory, settings, exempt, status
):
    settings.MFA_REQUIRED, settings.MFA_SSO_EXEMPT = "everyone", exempt
    log_in_there(client, directory)
    assert client.get("/account/").status_code == status
    # As after a password by which somebody with power confirms that it is them.
    session = client.session
    confirmed = {"method": "password", "at": time.time(), "reauthenticated": True}
    session["account_authentication_methods"] += [confirmed]
    session.save()
    assert client.get("/account/").status_code == status


@pytest.mark.once
def test_only_those_who_must_have_one_cost_a_query(client, alice, settings, app):
    client.force_login(alice)
    client.get("/shortcuts/")
    asked = {}
    for settings.MFA_REQUIRED in ("none", "staff", "everyone"):
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/shortcuts/").status_code == 200
        asked[settings.MFA_REQUIRED] = len(queries)
    assert asked["staff"] == asked["none"] and asked["everyone"] == asked["none"] + 1


# --- In the administration ------------------------------------------------------------------

PEOPLE = "/admin/conversations/person/"


@pytest.fixture
def office(client, administrator):
    client.force_login(administrator)
    return client


def test_an_administrator_resets_a_factor_on_record(office, administrator, alice, app, mailoutbox):
    elsewhere = Client()
    elsewhere.force_login(alice)
    page = office.get(f"{PEOPLE}{alice.pk}/change/").content.decode()
    assert "TOTP Authenticator since" in page or "since" in page
    office.post(PEOPLE, {"action": "reset_factors", "_selected_action": [alice.pk]})
    assert not Authenticator.objects.exists()
    assert not get_user(elsewhere).is_authenticated
    row = ReviewAccess.objects.get()
    assert (row.action, row.reviewer_id, row.owner_id) == (
        "reset_factor",
        administrator.pk,
        alice.pk,
    )
    [mail] = mailoutbox
    assert mail.to == ["alice@example.org"] and "removed the second factor" in mail.body
    other = Client()
    log_in(other, "alice")
    assert get_user(other) == alice


@pytest.mark.once
def test_staff_reset_nothing_of_those_with_more_rights(client, bob, reviewer):
    from django.contrib.auth.models import Permission

    Person.objects.filter(pk=bob.pk).update(is_staff=True)
    bob.user_permissions.set(Permission.objects.filter(content_type__model="person"))
    TOTP.activate(reviewer, KEY)
    client.force_login(bob)
    for action in ("reset_factors", "end_sessions"):
        client.post(PEOPLE, {"action": action, "_selected_action": [reviewer.pk]})
    assert Authenticator.objects.filter(user=reviewer).exists()
    assert not ReviewAccess.objects.exists()


@pytest.mark.once
def test_a_second_factor_confirms_who_has_no_password(office, administrator):
    administrator.set_unusable_password()
    administrator.save()
    office.force_login(administrator)
    TOTP.activate(administrator, KEY)
    path = f"{PEOPLE}add/"
    with time_machine.travel(time.time() + 2_000):
        asks = office.get(path).headers["Location"]
        assert asks.startswith("/accounts/2fa/reauthenticate/")
        answer = office.post(asks, {"code": code(), "next": path})
        assert answer.headers["Location"] == path
        assert office.get(path).status_code == 200


@pytest.mark.once
def test_the_settings_page_advises_a_factor_for_who_has_power(office, administrator, reviewer, app):
    # alice, who only chats, is not counted.
    path = "/admin/settings/"
    assert "2 people who administer or review have no second" in office.get(path).content.decode()
    for person in (administrator, reviewer):
        TOTP.activate(person, KEY)
    assert "no second factor" not in office.get(path).content.decode()


def addresses(patterns, prefix=""):
    """`{route: name}` of URL patterns and those below them."""
    found = {}
    for each in patterns:
        route = prefix + str(each.pattern)
        below = hasattr(each, "url_patterns")
        found |= addresses(each.url_patterns, route) if below else {route: each.name}
    return found


def test_every_page_of_the_library_is_at_its_address():
    theirs, ours = (addresses(import_module(name).urlpatterns) for name in URLS)
    assert theirs == ours
