"""The Django admin: people, groups and scopes, and nobody's text."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations.models import (
    Budget,
    BudgetChange,
    Conversation,
    DirectoryGroup,
    Erasure,
    Hold,
    Invitation,
    Job,
    LanguageModel,
    Message,
    OutgoingMail,
    Person,
    Price,
    RetentionRule,
    ReviewAccess,
    Scope,
    ServerProcess,
    TemporaryPolicy,
    ToolPrice,
    UsageScope,
)
from tests.support.review_stage import QUESTION, TITLE
from tests.support.visitor import session_of

pytestmark = pytest.mark.once

PEOPLE = "/admin/conversations/person/"
LOAD = ("replies", "streams", "room_for_replies", "room_for_streams")


@pytest.fixture
def office(client, administrator):
    """The administrator, logged in."""
    client.force_login(administrator)
    return client


@pytest.fixture
def clerk(client, bob):
    """Bob, staff with all model permissions but no superuser, logged in."""
    Person.objects.filter(pk=bob.pk).update(is_staff=True)
    every = Permission.objects.exclude(codename__in=["review_conversation", "view_reviewaccess"])
    bob.user_permissions.set(every)
    client.force_login(bob)
    return client


def fields_of(page):
    """What the browser would send of the page's form, as it is."""
    form = page.context["adminform"].form
    data = {}
    for bound in form:
        value = bound.value()
        if value is True:
            data[bound.html_name] = "on"
        elif hasattr(value, "__iter__") and not isinstance(value, str):
            data[bound.html_name] = [getattr(item, "pk", item) for item in value]
        elif value not in (None, False):
            data[bound.html_name] = value
    return data


def change(client, person, **fields):
    """Save the person's page with `fields` changed; None leaves one out."""
    path = f"{PEOPLE}{person.pk}/change/"
    data = {**fields_of(client.get(path)), **fields}
    answer = client.post(path, {name: value for name, value in data.items() if value is not None})
    assert answer.status_code == 302, answer.context["errors"]
    person.refresh_from_db()
    return answer


def test_ten_thousand_people_are_listed_and_searched_in_few_queries(
    office, django_assert_max_num_queries
):
    group = Group.objects.create(name="Team")
    people = Person.objects.bulk_create(
        Person(username=f"person-{number:05}", email=f"{number}@example.org", password="!")
        for number in range(10_000)
    )
    Person.groups.through.objects.bulk_create(
        Person.groups.through(person=person, group=group) for person in people
    )
    for query in ("", "?q=person-00042", "?is_active__exact=1&groups__id__exact=" + str(group.pk)):
        with django_assert_max_num_queries(12):
            page = office.get(PEOPLE + query)
        assert "person-00042" in page.content.decode()
        assert "Team" in page.content.decode()


def furnish(first, count):
    """Rows of everything that is administered, `count` of each."""
    numbers = range(first, first + count)
    people = Person.objects.bulk_create(Person(username=f"p-{n}", password="!") for n in numbers)
    groups = Group.objects.bulk_create(Group(name=f"g-{n}") for n in numbers)
    for person, group in zip(people, groups, strict=True):
        Person.groups.through.objects.create(person=person, group=group)
        Budget.objects.create(person=person, period="day", metric="replies", limit=3)
        Budget.objects.create(group=group, period="day", metric="replies", limit=3)
        Scope.objects.create(reviewer=person, group=group)
        UsageScope.objects.create(viewer=person).groups.add(group)
        RetentionRule.objects.create(group=group, days=30)
        TemporaryPolicy.objects.create(group=group, policy="allowed")
        Hold.objects.create(person_id=person.pk, placed_by=person.pk, reason="A lawsuit.")
        Erasure.objects.create(person_id=person.pk, pseudonym=f"p-{person.pk}")
        Job.objects.create(owner=person, kind="import", state="done")
        ServerProcess.objects.create(**dict.fromkeys(LOAD, 1), heartbeat_at=timezone.now())
    LanguageModel.objects.bulk_create(LanguageModel(name=f"m-{n}") for n in numbers)
    EmailAddress.objects.bulk_create(EmailAddress(user=person, email="x@y.z") for person in people)
    Price.objects.bulk_create(Price(model=f"m-{n}", input=1, output=1) for n in numbers)
    ToolPrice.objects.bulk_create(ToolPrice(tool=f"t-{n}", per_use=1) for n in numbers)
    OutgoingMail.objects.bulk_create(OutgoingMail(subject=f"p-{n}", content={}) for n in numbers)
    DirectoryGroup.objects.bulk_create(DirectoryGroup(value=g.name, group=g) for g in groups)
    Invitation.objects.bulk_create(
        Invitation(email=f"i-{n}@example.org", invited_by=people[0]) for n in numbers
    )


def queries_of(client, path, **data):
    with CaptureQueriesContext(connection) as queries:
        answer = client.post(path, data) if data else client.get(path)
    assert answer.status_code in (200, 302), path
    return len(queries)


def test_no_page_asks_the_database_more_where_there_is_more(office):
    furnish(0, 2)
    pages = [
        f"/admin/{model._meta.app_label}/{model._meta.model_name}/{page}"
        for model in admin.site._registry
        for page in ("", f"{model.objects.latest('pk').pk}/change/", "?q=p-1")
    ]
    for path in pages:
        office.get(path)  # what is looked up once a process
    few = {path: queries_of(office, path) for path in pages}
    furnish(2, 20)
    # The page of a person who has more than that of one who has none.
    assert {path: queries_of(office, path) for path in pages} == few
    # A person's page says how they sign in and what they may do.
    assert max(few.values()) <= 21


def test_deactivating_many_asks_the_database_no_more_than_one_but_for_the_access_log(office):
    furnish(0, 12)
    one, *many = Person.objects.filter(username__startswith="p-").values_list("pk", flat=True)
    few = queries_of(office, PEOPLE, action="deactivate", _selected_action=[one])
    more = queries_of(office, PEOPLE, action="deactivate", _selected_action=many) - few
    assert more <= 6 * (len(many) - 1)
    assert LogEntry.objects.filter(object_id__in=[one, *many]).count() == 12


@pytest.mark.parametrize("query", ["?q=research", "?groups__id__exact={group}"])
def test_limits_of_viewing_usage_can_be_searched_and_filtered(office, alice, bob, query):
    for person, name in ((alice, "Research"), (bob, "Platform")):
        group = Group.objects.create(name=name)
        UsageScope.objects.create(viewer=person).groups.add(group)
    research = Group.objects.get(name="Research")
    page = office.get(f"/admin/conversations/usagescope/{query.format(group=research.pk)}")
    assert [scope.viewer for scope in page.context["cl"].result_list] == [alice]


def test_budgets_are_changed_and_removed_in_the_name_of_who_does_it(office, alice):
    path = "/admin/conversations/budget/"
    given = {"person": alice.pk, "period": "day", "metric": "replies", "limit": 3, "hard": "on"}
    office.post(f"{path}add/", given)
    budget = Budget.objects.get()
    office.post(f"{path}{budget.pk}/change/", {**given, "limit": 500})
    for page in (path, "/admin/conversations/budgetchange/"):
        assert '<td class="field-limit">500</td>' in office.get(page).text
    office.post(path, {"action": "delete_selected", "_selected_action": [budget.pk], "post": "yes"})
    history = BudgetChange.objects.order_by("pk").values_list("action", "by", "limit")
    assert list(history) == [
        ("made", "administrator", 3),
        ("changed", "administrator", 500),
        ("removed", "administrator", 500),
    ]


def test_the_budgets_of_a_person_are_one_step_away(office, alice, bob):
    for person, limit in ((alice, 3), (bob, 4)):
        Budget.objects.create(person=person, period="day", metric="replies", limit=limit)
    page = office.get(f"{PEOPLE}{alice.pk}/change/").content.decode()
    [path] = re.findall(r'href="(/admin/conversations/budget/[^"]*)"', page)[-1:]
    shown = office.get(path).context["cl"].result_list
    assert [budget.person for budget in shown] == [alice]


def test_text_is_not_administered(office, conversation):
    registered = set(admin.site._registry)
    assert not registered & {Conversation, Message, ReviewAccess}
    for model in registered:
        path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/?q=secret"
        text = office.get(path).content.decode()
        assert QUESTION not in text and TITLE not in text
    text = office.get(f"{PEOPLE}{conversation.owner_id}/change/").content.decode()
    assert QUESTION not in text and TITLE not in text


def test_deleting_names_numbers_and_no_text(office, alice, conversation):
    page = office.get(f"{PEOPLE}{alice.pk}/delete/")
    text = page.content.decode()
    assert QUESTION not in text and TITLE not in text and str(conversation.pk) not in text
    assert dict(page.context["model_count"])["conversations"] == 1
    office.post(f"{PEOPLE}{alice.pk}/delete/", {"post": "yes"})
    assert not Conversation.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_link_that_a_new_person_is_sent_works(office, mailoutbox, client):
    office.post(
        f"{PEOPLE}add/",
        {"username": "carol", "email": "carol@example.org", "send_link": "on"},
    )
    [mail] = mailoutbox
    assert mail.to == ["carol@example.org"]
    assert "carol" in mail.body
    client.logout()
    link = re.search(r"http://testserver(\S+)", mail.body)[1]
    form = client.get(link, follow=True)
    new = {"password1": "a fine long phrase", "password2": "a fine long phrase"}
    client.post(form.redirect_chain[-1][0], new)
    assert client.login(username="carol", password="a fine long phrase")


def test_a_link_needs_an_address(office):
    page = office.post(f"{PEOPLE}add/", {"username": "carol", "send_link": "on"})
    assert page.status_code == 200
    assert "needs an e-mail address" in page.content.decode()
    assert not Person.objects.filter(username="carol").exists()


def test_links_can_be_sent_to_people_who_are_there(office, alice, bob, mailoutbox):
    Person.objects.filter(pk=bob.pk).update(is_active=False)
    office.post(PEOPLE, {"action": "send_links", "_selected_action": [alice.pk, bob.pk]})
    assert [mail.to for mail in mailoutbox] == [["alice@example.org"]]


def test_a_new_person_with_a_password_can_log_in(office, client):
    answer = office.post(
        f"{PEOPLE}add/",
        {
            "username": "carol",
            "usable_password": "true",
            "password1": "a fine long phrase",
            "password2": "a fine long phrase",
        },
    )
    assert answer.status_code == 302
    assert client.login(username="carol", password="a fine long phrase")


def test_deactivating_ends_every_session(office, alice, bob):
    for person in (alice, alice, bob):
        session_of(person)
    change(office, alice, is_active=None)
    assert not alice.is_active
    left = [session.get_decoded()["_auth_user_id"] for session in Session.objects.all()]
    assert str(alice.pk) not in left and str(bob.pk) in left


def test_several_are_deactivated_at_once_but_not_oneself(office, alice, bob, administrator):
    session_of(alice)
    selected = [alice.pk, bob.pk, administrator.pk]
    office.post(PEOPLE, {"action": "deactivate", "_selected_action": selected})
    active = Person.objects.filter(is_active=True).values_list("pk", flat=True)
    assert list(active) == [administrator.pk]
    assert office.get(PEOPLE).status_code == 200


@pytest.mark.once
def test_administrators_do_not_shut_themselves_out(office, administrator):
    page = f"{PEOPLE}{administrator.pk}/change/"
    fields = {"username": "administrator", "theme": "system"}
    assert office.post(page, fields).status_code == 302
    administrator.refresh_from_db()
    assert administrator.is_staff and administrator.is_superuser and administrator.is_active


@pytest.mark.once
def test_the_last_administrator_does_not_delete_themselves(office, administrator, alice):
    page = f"{PEOPLE}{administrator.pk}/delete/"
    action = {"action": "delete_selected", "_selected_action": administrator.pk, "post": "yes"}
    office.post(page, {"post": "yes"})
    office.post(PEOPLE, action)
    assert "the last administrator" in office.get(page).content.decode()
    assert Person.objects.filter(pk=administrator.pk).exists()
    Person.objects.filter(pk=alice.pk).update(is_superuser=True)
    assert office.post(page, {"post": "yes"}).status_code == 302
    assert not Person.objects.filter(pk=administrator.pk).exists()


def test_staff_cannot_raise_themselves(clerk, bob):
    reviewers = Group.objects.get(name="Reviewers")
    change(clerk, bob, is_superuser="on", groups=[reviewers.pk], last_name="Clerk")
    bob.refresh_from_db()
    assert bob.last_name == "Clerk"
    assert not bob.is_superuser and not bob.groups.exists()
    path = f"/admin/auth/group/{reviewers.pk}/change/"
    clerk.post(path, {"name": "Reviewers", "permissions": []})
    assert reviewers.permissions.count() == 1
    assert clerk.get("/admin/conversations/scope/add/").status_code == 403


def test_staff_cannot_touch_superusers(clerk, administrator):
    for page in ("change/", "password/", "delete/"):
        answer = clerk.post(f"{PEOPLE}{administrator.pk}/{page}", {"post": "yes"})
        assert answer.status_code == 403
    for action in ("deactivate", "delete_selected"):
        given = {"action": action, "_selected_action": [administrator.pk], "post": "yes"}
        clerk.post(PEOPLE, given)
    administrator.refresh_from_db()
    assert administrator.is_active


def test_making_a_reviewer_is_recorded_as_the_deed_of_who_does_it(office, administrator, alice):
    reviewers = Group.objects.get(name="Reviewers")
    change(office, alice, groups=[reviewers.pk])
    [row] = ReviewAccess.objects.all()
    assert (row.action, row.reviewer_id) == ("changed_permission", administrator.pk)
    assert (row.owner_id, row.address) == (alice.pk, "127.0.0.1")
    assert row.detail["change"] == "added"
    assert len(row.request_id) == 16


def test_scopes_are_made_and_removed_on_record(office, administrator, reviewer):
    group = Group.objects.create(name="Team")
    office.post("/admin/conversations/scope/add/", {"reviewer": reviewer.pk, "group": group.pk})
    scope = Scope.objects.get()
    given = {"action": "delete_selected", "_selected_action": [scope.pk], "post": "yes"}
    office.post("/admin/conversations/scope/", given)
    assert not Scope.objects.exists()
    rows = ReviewAccess.objects.order_by("number").values_list("action", "reviewer_id", "owner_id")
    assert list(rows) == [("changed_scope", administrator.pk, reviewer.pk)] * 2


def test_the_group_of_reviewers_is_removed_on_record(office, administrator):
    group = Group.objects.get(name="Reviewers")
    office.post(f"/admin/auth/group/{group.pk}/delete/", {"post": "yes"})
    lost, removed = ReviewAccess.objects.order_by("number")
    assert (lost.action, lost.reviewer_id) == ("changed_permission", administrator.pk)
    assert (removed.action, removed.detail["what"]) == ("changed_setting", "group")


@pytest.mark.parametrize(
    ("mode", "said"), [("on", "People are told that"), ("off", "People are not told")]
)
def test_the_settings_page_says_what_people_are_told(office, settings, mode, said):
    settings.REVIEW_NOTICE = mode
    assert said in office.get("/admin/settings/").content.decode()
    assert "/admin/settings/" in office.get("/admin/").content.decode()


def test_last_seen_is_noted_now_and_then(client, alice):
    client.force_login(alice)
    client.get("/")
    first = Person.objects.get(pk=alice.pk).last_seen_at
    client.get("/")
    assert first is not None
    assert Person.objects.get(pk=alice.pk).last_seen_at == first
