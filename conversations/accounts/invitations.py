"""Invitations: who may take one up, and what it gives."""

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django.conf import settings
from django.utils import timezone

from conversations.accounts import roles
from conversations.models import Invitation, Person
from conversations.review.record_access import acting

_KEY = "invitation"


def remember(request, token):
    """Note in the session that its owner opened the link with `token`, for a sign-up by single
    sign-on."""
    request.session[_KEY] = token


def taken_up(request):
    """Return the open Invitation whose link was opened in this session, locked for the transaction,
    or None."""
    found = Invitation.of_token(request.session.get(_KEY, ""))
    return found and locked(found)


def locked(invitation):
    """Return `invitation`, read anew and locked until the transaction ends; None if it was used or
    revoked meanwhile: of two who use one link at the same time, one gets an account."""
    row = Invitation.objects.select_for_update().filter(pk=invitation.pk).first()
    return row if row and row.is_open else None


def accept(request, invitation, person):
    """Give the new `person` what `invitation` (locked) has for them, and mark it as used; in the
    caller's transaction. Each grant is a row of the access log."""
    invitation.accepted_at, invitation.person = timezone.now(), person
    invitation.save(update_fields=["accepted_at", "person"])
    with acting(request, by=f"invitation of person {invitation.invited_by_id}"):
        person.groups.add(*invitation.groups.filter(directory_rows=None))
        roles.give(person, invitation.role)
    request.session.pop(_KEY, None)


def confirm_address(person, email):
    """Note that `person` has the address `email`: they opened a link that was sent there."""
    EmailAddress.objects.create(user=person, email=email.lower(), primary=True, verified=True)


def is_taken(email):
    """Return True if an account has the address `email`."""
    return (
        Person.objects.filter(email__iexact=email).exists()
        or EmailAddress.objects.filter(email__iexact=email).exists()
    )


def send(request, invitation):
    """Queue an e-mail with the link of `invitation`, in the language of whoever invites; `request`
    tells the site's address."""
    context = {
        "url": request.build_absolute_uri(invitation.path),
        "site_name": settings.SITE_NAME,
        "until": invitation.expires_at,
    }
    get_adapter(request).send_mail("account/email/invitation", invitation.email, context)
