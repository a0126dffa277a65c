"""Invitations: one address, one account, seven days."""

import re
import time

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.contrib.auth import get_user
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from conversations.models import DirectoryGroup, Invitation, Person, ReviewAccess
from tests.support.identity_provider import log_in as log_in_there

INVITATIONS = "/admin/conversations/invitation/"
NEW = {"username": "carol", "password1": "a fine long phrase", "password2": "a fine long phrase"}


@pytest.fixture
def office(client, administrator):
    client.force_login(administrator)
    return client


@pytest.fixture
def invited(administrator):
    """An open invitation of carol@example.org."""
    return Invitation.objects.create(email="carol@example.org", invited_by=administrator)


@pytest.mark.django_db(transaction=True)
def test_an_invitation_makes_one_account_with_its_groups_and_role(
    office, administrator, mailoutbox
):
    group = Group.objects.create(name="Team")
    form = {
        "email": "carol@example.org",
        "groups": [group.pk],
        "role": "reviewer",
        "send": "on",
    }
    assert office.post(f"{INVITATIONS}add/", form).status_code == 302
    [mail] = mailoutbox
    assert mail.to == ["carol@example.org"]
    link = re.search(r"http://testserver(/accounts/invitation/\S+)", mail.body)[1]
    assert link in office.get(INVITATIONS).content.decode()
    guest = Client()
    # A mail scanner that opens the link uses nothing up.
    for _time in range(2):
        assert "carol@example.org" in guest.get(link).content.decode()
    assert guest.post(link, NEW).headers["Location"] == "/"
    carol = get_user(guest)
    assert (carol.username, carol.email) == ("carol", "carol@example.org")
    assert carol.may_review and list(carol.groups.all()) == [group]
    assert EmailAddress.objects.get(user=carol).verified
    [row] = ReviewAccess.objects.all()
    assert row.owner_id == carol.pk and row.detail == {
        "change": "added",
        "permission": "review_conversation",
        "by": f"invitation of person {administrator.pk}",
    }
    again = Client().post(link, {**NEW, "username": "mallory"})
    assert again.status_code == 410 and "is over" in again.content.decode()
    assert not Person.objects.filter(username="mallory").exists()


@pytest.mark.parametrize("why", ["revoked", "expired", "forged", "inviter is gone", "account made"])
def test_a_link_that_is_over_says_so(office, invited, administrator, alice, why):
    path = invited.path
    if why == "revoked":
        office.post(INVITATIONS, {"action": "revoke", "_selected_action": [invited.pk]})
    if why == "forged":
        path = path.replace(invited.pk.hex[:4], "0000")
    if why == "inviter is gone":
        Person.objects.filter(pk=administrator.pk).update(is_superuser=False)
    if why == "account made":
        Person.objects.filter(pk=alice.pk).update(email="CAROL@example.org")
    guest = Client()
    with time_machine.travel(time.time() + (8 * 86_400 if why == "expired" else 0)):
        for answer in (guest.get(path), guest.post(path, NEW)):
            assert answer.status_code == 410
    assert not Person.objects.filter(username="carol").exists()


@pytest.mark.once
def test_what_was_typed_comes_back_with_what_is_wrong(invited, alice):
    guest = Client()
    for wrong, said in (
        ({"username": "alice"}, "already"),
        ({"username": "a1ice"}, "already"),
        ({"password2": "other"}, "match"),
        ({"password1": "12345678", "password2": "12345678"}, "common"),
    ):
        page = guest.post(invited.path, {**NEW, **wrong})
        assert page.status_code == 422 and said in page.content.decode(), wrong
        assert f'value="{wrong.get("username", "carol")}"' in page.content.decode()
    assert guest.post(invited.path, NEW).status_code == 302


@pytest.mark.once
def test_an_address_is_invited_once_and_only_without_an_account(office, invited, alice):
    for email in ("carol@example.org", "ALICE@example.org"):
        page = office.post(f"{INVITATIONS}add/", {"email": email})
        assert "already" in page.content.decode()
    assert Invitation.objects.count() == 1


@pytest.mark.once
def test_an_invitation_lets_somebody_of_the_directory_in(client, directory, settings, invited):
    settings.OIDC_SIGNUP = False
    settings.PASSWORD_LOGIN = False
    group = Group.objects.create(name="Team")
    invited.groups.add(group)
    Invitation.objects.update(email="Alice@directory.example")
    page = client.get(invited.path).content.decode()
    assert "/accounts/oidc/login/" in page and 'name="password1"' not in page
    client.post(invited.path, NEW)
    assert not Person.objects.filter(username="carol").exists()
    log_in_there(client, directory)
    assert list(get_user(client).groups.all()) == [group]
    invited.refresh_from_db()
    assert invited.accepted_at
    stranger = Client()
    log_in_there(stranger, directory, "s-bob")
    assert not get_user(stranger).is_authenticated


@pytest.mark.once
@pytest.mark.parametrize("signup", [False, True])
def test_an_invitation_is_for_nobody_of_the_directory_with_another_address(
    client, directory, settings, invited, signup
):
    settings.OIDC_SIGNUP = signup
    invited.groups.add(Group.objects.create(name="Team"))
    client.get(invited.path)
    page = log_in_there(client, directory)
    person = get_user(client)
    assert person.is_authenticated == signup
    if signup:
        assert not person.groups.exists()
    else:
        assert "is for another e-mail address" in page.content.decode()
    invited.refresh_from_db()
    assert invited.is_open


@pytest.mark.once
def test_staff_invite_nobody(client, bob):
    from django.contrib.auth.models import Permission

    Person.objects.filter(pk=bob.pk).update(is_staff=True)
    bob.user_permissions.set(Permission.objects.filter(content_type__model="invitation"))
    client.force_login(bob)
    assert client.post(f"{INVITATIONS}add/", {"email": "x@example.org"}).status_code == 403
    client.post(f"{INVITATIONS}file/", {"file": csv_file("email\nx@example.org")})
    assert not Invitation.objects.exists()


@pytest.mark.once
def test_staff_who_only_view_invitations_get_no_link(office, invited, bob):
    from django.contrib.auth.models import Permission

    Invitation.objects.update(role="administrator")
    token = invited.path.split("/")[-2]
    pages = [INVITATIONS, f"{INVITATIONS}{invited.pk}/change/"]
    assert all(token in office.get(page).content.decode() for page in pages)
    Person.objects.filter(pk=bob.pk).update(is_staff=True)
    bob.user_permissions.set(Permission.objects.filter(codename="view_invitation"))
    office.force_login(bob)
    for page in pages:
        shown = office.get(page)
        assert shown.status_code == 200 and "carol@example.org" in shown.content.decode()
        assert token not in shown.content.decode()


def csv_file(text):
    return SimpleUploadedFile("people.csv", text.encode())


def test_many_are_invited_from_a_file(office, mailoutbox):
    Group.objects.create(name="Team")
    text = "E-mail;Groups;Role\ncarol@example.org;Team;reviewer\ndave@example.org;;\n"
    form = {"file": csv_file(text), "send": "on"}
    answer = office.post(f"{INVITATIONS}file/", form)
    assert answer.headers["Location"] == INVITATIONS
    rows = {each.email: each for each in Invitation.objects.all()}
    assert set(rows) == {"carol@example.org", "dave@example.org"}
    assert rows["carol@example.org"].role == "reviewer"
    assert [group.name for group in rows["carol@example.org"].groups.all()] == ["Team"]
    assert sorted(mail.to[0] for mail in mailoutbox) == sorted(rows)


@pytest.mark.once
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("name\ncarol", "missing: email"),
        ("email\nnobody", "Line 2: “nobody” is no e-mail address."),
        ("email,groups\na@example.org,Nowhere", "there is no group “Nowhere”"),
        ("email,groups\na@example.org,Sales", "is managed by the directory"),
        ("email,role\na@example.org,god", "there is no role “god”"),
        ("email\na@example.org\nA@example.org", "Line 3: the address stands here twice"),
        ("email\nadministrator@example.org", "There is an account"),
        ('email\n"a@example.org', "is no CSV"),
    ],
)
def test_a_file_with_a_fault_invites_nobody_and_says_where(office, text, said):
    DirectoryGroup.objects.create(value="x", group=Group.objects.create(name="Sales"))
    page = office.post(f"{INVITATIONS}file/", {"file": csv_file(text)}).content.decode()
    assert said in page or (not text and "empty" in page)
    assert not Invitation.objects.exists()


@pytest.mark.once
def test_a_file_that_is_no_text_is_refused(office):
    file = SimpleUploadedFile("people.csv", b"\xff\xfe\0\1")
    page = office.post(f"{INVITATIONS}file/", {"file": file}).content.decode()
    assert "not in UTF-8" in page
