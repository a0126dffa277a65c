"""The steps of the setup on the first page of the administration: what is open, done, dismissed."""

from datetime import timedelta

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.utils import timezone

from conversations.models import Invitation, LanguageModel, OutgoingMail, Person, Price, SetupStep

pytestmark = pytest.mark.once

SMTP = "django.core.mail.backends.smtp.EmailBackend"


@pytest.fixture
def office(client, administrator):
    """The administrator, logged in."""
    client.force_login(administrator)
    return client


@pytest.fixture
def connected(settings, gateway):
    """A gateway is configured, and answers."""
    settings.DEMO = False
    settings.OPENAI_BASE_URL = gateway.url
    settings.OPENAI_MODEL = "test-model"
    settings.OPENAI_API_KEY = ""
    LanguageModel.objects.filter(name="demo").delete()
    LanguageModel.objects.get_or_create(name="test-model")
    return gateway


def open_steps(client, **extra):
    """The names of the steps that the first page shows."""
    return [str(step.name) for step in client.get("/admin/", **extra).context["open_steps"]]


def state(client, name):
    """The sentence of a step on its page."""
    steps = client.get("/admin/setup/").context["steps"]
    return next(step.state for step in steps if step.name == name)


def test_a_new_site_has_all_of_them_open(office):
    assert open_steps(office) == list(SetupStep.Name.values)
    page = office.get("/admin/").text
    for label in SetupStep.Name.labels:
        assert str(label) in page


def test_only_those_who_may_see_settings_see_them(client, bob):
    Person.objects.filter(pk=bob.pk).update(is_staff=True)
    client.force_login(bob)
    assert open_steps(client) == []
    bob.user_permissions.add(Permission.objects.get(codename="view_settings"))
    client.force_login(bob)
    assert "gateway" in open_steps(client)
    # Without links to lists that he may not see.
    assert "/admin/conversations/invitation/" not in client.get("/admin/").text


def test_the_chat_of_a_new_site_leads_administrators_to_them(office, client, bob):
    assert 'href="/admin/setup/"' in office.get("/").text
    client.force_login(bob)
    assert 'href="/admin/setup/"' not in client.get("/").text


@pytest.mark.parametrize("name", SetupStep.Name.values)
def test_each_can_be_dismissed_and_shown_again(office, administrator, name):
    answer = office.post(f"/admin/setup/{name}/", {"act": "dismiss"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")
    assert name not in open_steps(office)
    assert SetupStep.objects.get().dismissed_by == administrator.pk
    page = office.get("/admin/setup/").text
    assert "dismissed" in page
    back = office.post(f"/admin/setup/{name}/", {"act": "restore", "from": "setup"})
    assert back.headers["Location"] == "/admin/setup/"
    assert name in open_steps(office)


def test_what_is_no_step_or_no_act_is_not_found(office):
    assert office.get("/admin/setup/mail/").status_code == 405
    for name, act in (("lunch", "dismiss"), ("mail", "check"), ("mail", ""), ("gateway", "erase")):
        assert office.post(f"/admin/setup/{name}/", {"act": act}).status_code == 404


def test_the_gateway_is_checked_by_a_button(office, connected, settings):
    assert "Check whether it answers" in state(office, "gateway")
    page = office.post("/admin/setup/gateway/", {"act": "check"}, follow=True)
    assert "gateway" not in [str(step.name) for step in page.context["open_steps"]]
    assert [message.level_tag for message in page.context["messages"]] != []
    assert "The gateway answered on" in state(office, "gateway")
    settings.OPENAI_MODEL = "another"
    assert "Check whether it answers" in state(office, "gateway")


def test_a_gateway_that_does_not_answer_stays_open(office, connected, settings):
    settings.OPENAI_BASE_URL = "http://127.0.0.1:9/v1"
    page = office.post("/admin/setup/gateway/", {"act": "check"}, follow=True)
    [message] = page.context["messages"]
    assert message.level_tag == "error" and str(message)
    assert "found a problem" in state(office, "gateway")


def test_models_are_done_once_each_has_a_price(office, connected):
    LanguageModel.objects.create(name="test-mini")
    assert "2 models have no price" in state(office, "models")
    Price.objects.create(model="test-m*", input=1, output=1)
    assert "models" not in open_steps(office)
    Price.objects.update(valid_from=timezone.now() + timedelta(days=1))
    assert "models" in open_steps(office)


def test_people_are_done_with_a_second_account_or_an_invitation(office, administrator):
    TOTP.activate(administrator, generate_totp_secret())
    assert "people" in open_steps(office)
    Invitation.objects.create(email="new@example.org", invited_by=administrator)
    assert "people" not in open_steps(office)


def test_people_are_not_done_while_those_with_power_have_no_second_factor(
    office, administrator, alice, settings
):
    assert "Set MFA_REQUIRED=reviewers." in office.get("/admin/").content.decode()
    assert "1 person who administers or reviews has no second factor" in state(office, "people")
    TOTP.activate(administrator, generate_totp_secret())
    assert "people" not in open_steps(office)
    reads_log = Permission.objects.get(codename="view_reviewaccess")
    alice.user_permissions.add(reads_log)
    assert "people" in open_steps(office)
    alice.user_permissions.remove(reads_log)
    assert "people" not in open_steps(office)
    Person.objects.filter(pk=alice.pk).update(is_staff=True)
    assert "people" in open_steps(office)
    # Nothing to advise: without a factor alice gets nowhere.
    settings.MFA_REQUIRED = "reviewers"
    assert "people" not in open_steps(office)


def test_mail_is_done_with_a_server_a_sender_and_no_failure(office, settings):
    assert "No mail server" in state(office, "mail")
    settings.MAIL_BACKEND = SMTP
    assert "chatsite@localhost" in state(office, "mail")
    settings.DEFAULT_FROM_EMAIL = "Chat <chat@example.org>"
    assert "mail" not in open_steps(office)
    OutgoingMail.objects.create(subject="s", content={}, next_attempt_at=None)
    assert "1 e-mail could not be sent" in state(office, "mail")


@pytest.mark.django_db(transaction=True)
def test_a_backup_is_known_for_a_week(office, tmp_path):
    assert "No backup was made yet" in state(office, "backup")
    call_command("backup", tmp_path / "copy.sqlite3")
    assert "backup" not in open_steps(office)
    SetupStep.objects.update(done_at=timezone.now() - timedelta(days=9))
    assert "is old" in state(office, "backup")


def test_tls_is_done_where_the_page_came_by_https(office):
    assert "tls" in open_steps(office)
    assert "tls" not in open_steps(office, secure=True)
