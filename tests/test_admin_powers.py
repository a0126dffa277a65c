"""Hostile staff: no page of the administration takes over an account that may do more."""

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.contrib import admin
from django.contrib.auth import get_user
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from conversations.admin.guarded import GuardedAdmin, PowerAdmin
from conversations.models import Budget, BudgetChange, Erasure, Person, Scope, UsageScope
from tests.conftest import make_person

PEOPLE = "/admin/conversations/person/"
POWERS = ["review_conversation", "view_reviewaccess", "view_usage"]
# All that can be administered. Whoever adds a model asks: who may change its rows, and what does
# that allow? What opens text, usage or accounts of others gets a PowerAdmin.
REGISTERED = {
    "auth.group": PowerAdmin,
    "conversations.budget": GuardedAdmin,
    "conversations.budgetchange": GuardedAdmin,
    "conversations.directorygroup": PowerAdmin,
    "conversations.erasure": GuardedAdmin,
    "conversations.hold": PowerAdmin,
    "conversations.invitation": PowerAdmin,
    "conversations.job": GuardedAdmin,
    "conversations.languagemodel": GuardedAdmin,
    "conversations.outgoingmail": GuardedAdmin,
    "conversations.person": PowerAdmin,
    "conversations.price": GuardedAdmin,
    "conversations.retentionrule": PowerAdmin,
    "conversations.scope": PowerAdmin,
    "conversations.serverprocess": GuardedAdmin,
    "conversations.toolprice": GuardedAdmin,
    "conversations.temporarypolicy": PowerAdmin,
    "conversations.usagescope": PowerAdmin,
}


@pytest.fixture
def clerk(client, bob):
    """Bob, staff with almost every permission to administer and none of the powers, logged in."""
    Person.objects.filter(pk=bob.pk).update(is_staff=True)
    without = [*POWERS, "add_price"]
    bob.user_permissions.set(Permission.objects.exclude(codename__in=without))
    client.force_login(bob)
    return client


def permission(codename):
    return Permission.objects.get(codename=codename)


def superuser():
    return make_person("mighty", is_superuser=True)


def holder(codename):
    """Somebody to whom the permission was given."""
    person = make_person(f"holder-{codename}")
    person.user_permissions.add(permission(codename))
    return person


def member(codename):
    """Somebody in a group that has the permission."""
    group = Group.objects.create(name=f"group-{codename}")
    group.permissions.add(permission(codename))
    person = make_person(f"member-{codename}")
    person.groups.add(group)
    return person


def colleague():
    """Somebody with a permission of the administration that the clerk does not have."""
    person = make_person("colleague", is_staff=True)
    person.user_permissions.add(permission("add_price"))
    return person


MIGHTY = {
    "superuser": superuser,
    **{f"has {name}": lambda name=name: holder(name) for name in POWERS},
    **{f"group has {name}": lambda name=name: member(name) for name in POWERS},
    "colleague with more rights": colleague,
}


@pytest.fixture(params=MIGHTY)
def mighty(request, clerk):
    return MIGHTY[request.param]()


def state(person):
    person = Person.objects.get(pk=person.pk)
    return (
        person.username,
        person.email,
        person.password,
        person.is_active,
        list(person.groups.values_list("pk", flat=True)),
    )


def test_what_is_administered_is_a_list():
    found = {model._meta.label_lower: type(each) for model, each in admin.site._registry.items()}
    assert found.keys() == REGISTERED.keys()
    for label, base in REGISTERED.items():
        assert issubclass(found[label], base), label


def test_no_library_brings_pages_of_its_own(clerk):
    for model in apps.get_models():
        if model not in admin.site._registry:
            path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
            assert clerk.get(path).status_code == 404, path


@pytest.mark.once
def test_an_address_added_to_a_superuser_is_no_way_in(clerk, administrator, mailoutbox):
    """The whole chain: an address of one's own at the superuser's account, then a reset."""
    row = {"user": administrator.pk, "email": "bob@evil.example", "verified": "on", "primary": "on"}
    assert clerk.post("/admin/account/emailaddress/add/", row).status_code == 404
    fields = {"username": "administrator", "email": "bob@evil.example"}
    assert clerk.post(f"{PEOPLE}{administrator.pk}/change/", fields).status_code == 403
    clerk.post("/accounts/password/reset/", {"email": "bob@evil.example"})
    assert not any("/password/reset/key/" in mail.body for mail in mailoutbox)
    assert not EmailAddress.objects.filter(email="bob@evil.example").exists()


def test_no_page_changes_who_may_do_more(clerk, mighty):
    before = state(mighty)
    new = {"password1": "known to the clerk", "password2": "known to the clerk"}
    attempts = {
        "change/": {"username": "mighty", "email": "clerk@evil.example"},
        "password/": {**new, "usable_password": "true"},
        "delete/": {"post": "yes"},
        "change/?_popup=1": {"username": "mighty", "email": "clerk@evil.example", "_popup": "1"},
        "change/?_to_field=id": {"username": "mighty", "is_active": ""},
    }
    for page, form in attempts.items():
        assert clerk.post(f"{PEOPLE}{mighty.pk}/{page}", form).status_code == 403, page
    assert clerk.get(f"{PEOPLE}{mighty.pk}/password/").status_code == 403
    assert clerk.get(f"{PEOPLE}{mighty.pk}/delete/").status_code == 403
    # Looking is allowed; the page has no field to change.
    page = clerk.get(f"{PEOPLE}{mighty.pk}/change/").content.decode()
    assert 'name="email"' not in page and 'name="_save"' not in page
    assert state(mighty) == before


@pytest.mark.parametrize("across", ["0", "1"])
def test_no_action_changes_who_may_do_more(clerk, mighty, alice, mailoutbox, across):
    Person.objects.filter(pk=mighty.pk).update(email="mighty@example.org")
    before = state(mighty)
    for action in ("send_links", "deactivate", "delete_selected"):
        form = {
            "action": action,
            "_selected_action": [mighty.pk, alice.pk],
            "select_across": across,
            "post": "yes",
        }
        answer = clerk.post(PEOPLE, form, follow=True)
        if action != "delete_selected":
            assert "more rights than you" in answer.content.decode()
    assert state(mighty) == before
    assert "mighty@example.org" not in [address for mail in mailoutbox for address in mail.to]
    # What is within reach was done; the deletion of both was refused as a whole.
    assert not Person.objects.get(pk=alice.pk).is_active
    assert ["alice@example.org"] in [mail.to for mail in mailoutbox]


@pytest.mark.once
def test_a_superuser_may_do_all_of_it(client, administrator, mailoutbox):
    client.force_login(administrator)
    reviewer = member("review_conversation")
    new = {"password1": "a fine long phrase", "password2": "a fine long phrase"}
    client.post(f"{PEOPLE}{reviewer.pk}/password/", {**new, "usable_password": "true"})
    assert Person.objects.get(pk=reviewer.pk).check_password("a fine long phrase")
    client.post(PEOPLE, {"action": "deactivate", "_selected_action": [reviewer.pk]})
    assert not Person.objects.get(pk=reviewer.pk).is_active
    client.post(f"{PEOPLE}{reviewer.pk}/delete/", {"post": "yes"})
    assert not Person.objects.filter(pk=reviewer.pk).exists()


@pytest.mark.once
def test_staff_change_people_who_may_do_no_more_than_they(clerk, alice):
    new = {"password1": "a fine long phrase", "password2": "a fine long phrase"}
    clerk.post(f"{PEOPLE}{alice.pk}/password/", {**new, "usable_password": "true"})
    assert Person.objects.get(pk=alice.pk).check_password("a fine long phrase")


@pytest.mark.once
@pytest.mark.parametrize("give", ["groups", "user_permissions", "is_superuser", "is_staff"])
@pytest.mark.parametrize("page", ["add/", "add/?_popup=1", "change/"])
def test_staff_give_nobody_a_power(clerk, alice, give, page):
    group = Group.objects.get(name="Reviewers")
    values = {"groups": group.pk, "user_permissions": permission("view_usage").pk}
    path = f"{PEOPLE}{alice.pk}/{page}" if page == "change/" else f"{PEOPLE}{page}"
    form = {
        "username": "alice" if page == "change/" else "carol",
        "email": "carol@example.org",
        "theme": "system",
        "usable_password": "true",
        "password1": "a fine long phrase",
        "password2": "a fine long phrase",
        give: values.get(give, "on"),
    }
    assert clerk.post(path, form).status_code in (200, 302)
    person = Person.objects.get(username=form["username"])
    assert not (person.groups.exists() or person.user_permissions.exists())
    assert not (person.is_superuser or person.is_staff)


@pytest.mark.once
def test_staff_change_no_group_scope_or_limit(clerk, alice):
    """Their permissions of these models let them look, not change."""
    group = Group.objects.create(name="Team")
    scope = Scope.objects.create(reviewer=alice, group=group)
    limit = UsageScope.objects.create(viewer=alice)
    limit.groups.add(group)
    forms = {
        "/admin/auth/group/": (group, {"name": "Mine", "permissions": "1"}),
        "/admin/conversations/scope/": (scope, {"reviewer": alice.pk, "group": group.pk}),
        "/admin/conversations/usagescope/": (limit, {"viewer": alice.pk, "groups": group.pk}),
    }
    for path, (row, form) in forms.items():
        model = type(row)
        before = list(model.objects.order_by("pk").values())
        assert clerk.get(path).status_code == 200
        assert clerk.post(f"{path}add/", form).status_code == 403, path
        assert clerk.post(f"{path}{row.pk}/change/", form).status_code == 403, path
        assert clerk.post(f"{path}{row.pk}/delete/", {"post": "yes"}).status_code == 403, path
        action = {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"}
        clerk.post(path, action)
        assert list(model.objects.order_by("pk").values()) == before, path


@pytest.mark.once
@pytest.mark.parametrize("model", [BudgetChange, Erasure])
def test_nobody_adds_changes_or_deletes_a_record(client, administrator, model):
    Budget.objects.create(period="day", metric="tokens", limit=10)
    Erasure.objects.create(person_id=7, pseudonym="erased-7")
    client.force_login(administrator)
    record = model.objects.get()
    path = f"/admin/conversations/{model._meta.model_name}/"
    assert client.get(f"{path}{record.pk}/change/").status_code == 200
    for page in ("add/", f"{record.pk}/change/", f"{record.pk}/delete/"):
        assert client.post(path + page, {"post": "yes"}).status_code == 403, page
    client.post(path, {"action": "delete_selected", "_selected_action": record.pk, "post": "yes"})
    assert model.objects.count() == 1


@pytest.mark.once
def test_autocomplete_and_history_show_only_what_the_list_shows(clerk, alice):
    Person.objects.filter(pk=alice.pk).update(instructions="secret plan")
    query = "app_label=conversations&model_name=budget&field_name=person"
    found = clerk.get(f"/admin/autocomplete/?{query}&term=ali").json()
    assert found["results"] == [{"id": str(alice.pk), "text": "alice"}]
    assert clerk.get(f"/admin/autocomplete/?{query}&term=secret").json()["results"] == []
    assert "secret plan" not in clerk.get(f"{PEOPLE}{alice.pk}/history/").content.decode()
    bob = Person.objects.get(username="bob")
    bob.user_permissions.remove(*Permission.objects.filter(content_type__model="person"))
    clerk.force_login(bob)
    assert clerk.get(f"/admin/autocomplete/?{query}&term=ali").status_code == 403
    assert clerk.get(f"{PEOPLE}{alice.pk}/history/").status_code == 403


@pytest.mark.once
def test_the_administration_has_no_logout_or_password_page_of_its_own(clerk, bob):
    assert clerk.get("/admin/password_change/").headers["Location"] == "/accounts/password/change/"
    answer = clerk.post("/admin/logout/")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert answer.headers["Location"] == "/accounts/login/"
    assert clerk.get("/").status_code == 302


@pytest.mark.once
def test_an_address_that_was_replaced_gets_no_link_any_more(
    client, administrator, alice, mailoutbox
):
    """Such as that of a mailbox that somebody broke into."""
    old = EmailAddress.objects.create(
        user=alice, email="alice@example.org", primary=True, verified=True
    )
    client.force_login(administrator)
    form = {"username": "alice", "email": "new@example.org", "theme": "system", "is_active": "on"}
    assert client.post(f"{PEOPLE}{alice.pk}/change/", form).status_code == 302
    client.logout()
    for address in (old.email, "new@example.org"):
        client.post("/accounts/password/reset/", {"email": address})
    links = [mail.to for mail in mailoutbox if "/password/reset/key/" in mail.body]
    assert links == [["new@example.org"]]


@pytest.mark.once
def test_staff_cannot_guess_passwords_at_a_login_without_limits(clerk, administrator, bob):
    guess = {"username": "administrator", "password": "correct horse", "next": "/admin/"}
    answer = clerk.post("/admin/login/", guess)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")
    assert get_user(clerk) == bob


@pytest.mark.once
def test_the_administration_passes_djangos_checks():
    call_command("check", "--tag", "admin")
