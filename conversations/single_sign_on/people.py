"""Accounts of single sign-on: finds, makes and updates the Person for verified claims."""

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
    """Return the Person for the Claims `claims`, found by issuer and subject, made where the rules
    of sign-up allow it, with name, address and groups as the directory has them now. Raise
    SignInRefused if the person may not come in."""
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
    """Connect the account of `person` with the subject of Claims `claims`, so that it logs in at
    the provider from now on. Raise SignInRefused if one of both is connected already."""
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
    """Return the Person for `claims`, updated, in one transaction."""
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
    """Return the SocialAccount of the provider's `subject`, locked for the transaction, or None."""
    accounts = SocialAccount.objects.select_for_update(of=("self",)).select_related("user")
    return accounts.filter(provider=settings.OIDC_ISSUER, uid=subject).first()


def _link(person, claims):
    """Connect `person` with the subject of `claims`. The issuer is part of the identity: the same
    subject at another provider is somebody else."""
    SocialAccount.objects.create(
        user=person, provider=settings.OIDC_ISSUER, uid=claims.subject, extra_data={}
    )


def _by_address(claims):
    """Return the account with the verified address of `claims`, where OIDC_TRUST_EMAIL vouches for
    addresses and it is not connected with anybody; else None.

    Never a member of staff, nor somebody who may see what is others': they connect it themselves,
    after a login with their password. The password and the second factors that the account had are
    taken away: whoever set them up may be somebody else, since an address need not be verified.
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
    """Return a new Person for `claims`, with what their invitation gives if they came by one. Raise
    SignInRefused if sign-up is closed."""
    invitation = invitations.taken_up(request)
    if invitation is None and not settings.OIDC_SIGNUP:
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


def _update(person, claims):
    """Store username, name and e-mail address of `claims` in `person`, where they changed and are
    valid; what the directory does not send stays."""
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
    """Return `text` from the directory as a name: without control and invisible characters, at most
    150 characters."""
    visible = "".join(each for each in text if unicodedata.category(each)[0] != "C")
    return visible.strip()[:150]


def _free_address(person, text):
    """Return the e-mail address `text`, normalized; "" if it is none, or another account has it:
    two accounts of one address could not be told apart in a login by address."""
    email = unicodedata.normalize("NFC", text)
    try:
        validate_email(email)
    except ValidationError:
        return ""
    people = Person.objects.filter(email__iexact=email).exclude(pk=person.pk)
    addresses = EmailAddress.objects.filter(email__iexact=email).exclude(user=person)
    return "" if people.exists() or addresses.exists() else email


def _note_address(person, email, verified):
    """Make `email` the only EmailAddress of `person`; a former one would still be sent links."""
    EmailAddress.objects.filter(user=person).exclude(email__iexact=email).delete()
    EmailAddress.objects.update_or_create(
        user=person,
        email__iexact=email,
        defaults={"primary": True, "verified": verified},
        create_defaults={"email": email.lower(), "primary": True, "verified": verified},
    )
