"""Accounts of people with single sign-on: finds, creates and updates the Person for the verified
claims of a login."""

import unicodedata

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from conversations.accounts import invitations
from conversations.models import Person
from conversations.single_sign_on import directory_groups
from conversations.single_sign_on.refusal import SignInRefused
from conversations.single_sign_on.usernames import username_for

LONGEST_SUBJECT = SocialAccount._meta.get_field("uid").max_length


def person_for(request, claims):
    """Return the Person for `claims` (Claims), with username, name, e-mail address and groups
    updated from them. They are found by issuer and subject or, with OIDC_TRUST_EMAIL, by verified
    e-mail address; else the account is created, if OIDC_SIGNUP is on or the person opened an
    invitation. Raise SignInRefused if they may not log in, or no account may be created."""
    claims.allow_login()
    if len(claims.subject) > LONGEST_SUBJECT:
        raise SignInRefused(
            _("Your organisation's id for you is too long for this site. Tell your administrator."),
            f"sub has {len(claims.subject)} characters",
        )
    try:
        return _found_or_made(request, claims)
    except IntegrityError:
        # Two first logins at the same time: by now the other one has made the account.
        return _found_or_made(request, claims)


def connect(person, claims):
    """Connect the account of `person` with the identity in `claims` (Claims), so that the person
    can log in through the identity provider from now on. Raise SignInRefused if the account is
    connected with another identity, the identity with another account, or `claims` do not allow a
    login."""
    claims.allow_login()
    with transaction.atomic():
        account = _account(claims.subject)
        others = SocialAccount.objects.filter(user=person).exclude(uid=claims.subject)
        if (account and account.user_id != person.pk) or others.exists():
            raise SignInRefused(
                _(
                    "That person of your organisation has an account here already, or yours is "
                    "connected with somebody else. Nothing was changed. Ask your administrator."
                ),
                "connect: the subject or the account is taken",
            )
        if account is None:
            _link(person, claims)


@transaction.atomic
def _found_or_made(request, claims):
    """Return the Person for `claims` (Claims), found or created, with data and groups updated, in
    one transaction. Raise IntegrityError if another process creates the account meanwhile."""
    account = _account(claims.subject)
    if account is not None:
        person = account.user
        account.save()  # notes the time of the login
    else:
        person = _by_address(claims)
        if person is None:
            person = _made(request, claims)
        _link(person, claims)
    _update(person, claims)
    directory_groups.follow(request, person, claims)
    return person


def _account(subject):
    """Return the SocialAccount with the id `subject` at the configured identity provider, locked
    until the transaction ends; None if there is none."""
    accounts = SocialAccount.objects.select_for_update(of=("self",)).select_related("user")
    return accounts.filter(provider=settings.OIDC_ISSUER, uid=subject).first()


def _link(person, claims):
    """Insert the SocialAccount that connects `person` with the subject of `claims` (Claims) at the
    configured issuer. The same subject at another provider is somebody else."""
    SocialAccount.objects.create(
        user=person, provider=settings.OIDC_ISSUER, uid=claims.subject, extra_data={}
    )


def _by_address(claims):
    """Return the Person to connect with `claims` (Claims) by their verified e-mail address, if
    OIDC_TRUST_EMAIL is set and the account has no single sign-on yet; else None.

    Never returns staff, nor people with permissions on others' data: they connect the account
    themselves, after a login with their password. Deletes the account's password and second
    factors, since somebody else may have set them up: an address need not be verified here.
    """
    email = claims.verified_email if settings.OIDC_TRUST_EMAIL else ""
    if not email:
        return None
    people = Person.objects.filter(email__iexact=email, socialaccount=None)
    found = list(people.filter(is_staff=False, is_superuser=False)[:2])
    if len(found) != 1 or found[0].assigned:
        return None
    person = found[0]
    Authenticator.objects.filter(user=person).delete()
    person.set_unusable_password()
    person.save(update_fields=["password"])
    return person


def _made(request, claims):
    """Create and return a Person for `claims` (Claims). If an invitation for their e-mail address
    was opened in the session of `request`, they get its groups and role; if none was, and
    OIDC_SIGNUP is off, raise SignInRefused."""
    opened = invitations.taken_up(request)
    invitation = opened if opened and _is_for(opened, claims) else None
    if invitation is None and not settings.OIDC_SIGNUP:
        if opened:
            raise SignInRefused(
                _(
                    "The invitation that you opened is for another e-mail address than the one "
                    "your organisation has for you. Ask your administrator for one to your address."
                ),
                "the invitation is for another address, and OIDC_SIGNUP is closed",
            )
        raise SignInRefused(
            _(
                "Your organisation knows you, but there is no account for you here yet. Ask your "
                "administrator for one."
            ),
            "no account, and OIDC_SIGNUP is closed",
        )
    person = Person(username=username_for(claims))
    person.set_unusable_password()
    person.save()
    if invitation is not None:
        invitations.accept(request, invitation, person)
    return person


def _is_for(invitation, claims):
    """Return True if `invitation` (an Invitation) is for the e-mail address in `claims` (Claims),
    whether verified or not, or if `claims` have no address."""
    email = unicodedata.normalize("NFC", claims.text("email"))
    return not email or email.casefold() == invitation.email.casefold()


def _update(person, claims):
    """Store the username, name and e-mail address of `claims` (Claims) in `person`, where they
    differ and are valid. What the provider does not send stays."""
    first, last = claims.text("given_name"), claims.text("family_name")
    if not (first or last):
        first, _blank, last = claims.text("name").partition(" ")
    values = {"username": username_for(claims, person)}
    if first or last:
        values |= {"first_name": _name(first), "last_name": _name(last)}
    email = _free_address(person, claims.text("email"))
    if email:
        values["email"] = email
    changed = [name for name, value in values.items() if getattr(person, name) != value]
    for name in changed:
        setattr(person, name, values[name])
    if changed:
        person.save(update_fields=changed)
    if email:
        _note_address(person, email, bool(claims.verified_email))


def _name(text):
    """Return `text`, a name from the identity provider, without control and invisible characters,
    cut to 150 characters."""
    visible = "".join(each for each in text if unicodedata.category(each)[0] != "C")
    return visible.strip()[:150]


def _free_address(person, text):
    """Return the e-mail address `text` normalized to NFC; "" if it is invalid, or another account
    than that of `person` has it, since a login by address could not tell the two apart."""
    email = unicodedata.normalize("NFC", text)
    try:
        validate_email(email)
    except ValidationError:
        return ""
    people = Person.objects.filter(email__iexact=email).exclude(pk=person.pk)
    addresses = EmailAddress.objects.filter(email__iexact=email).exclude(user=person)
    return "" if people.exists() or addresses.exists() else email


def _note_address(person, email, verified):
    """Make `email` the only EmailAddress of `person`, marked as `verified` (a bool); former ones
    are deleted, since links to set the password could still be sent there."""
    EmailAddress.objects.filter(user=person).exclude(email__iexact=email).delete()
    EmailAddress.objects.update_or_create(
        user=person,
        email__iexact=email,
        defaults={"primary": True, "verified": verified},
        create_defaults={"email": email.lower(), "primary": True, "verified": verified},
    )
