"""Use of invitations: finds the Invitation whose link was opened, gives the new account its groups
and role, and e-mails links."""

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django.conf import settings
from django.utils import timezone

from conversations.accounts import roles
from conversations.models import Invitation, Person
from conversations.review.record_access import acting

_KEY = "invitation"


def remember(request, token):
    """Store `token`, the last part of an invitation's link, in the session of `request`: the link
    was opened, and a sign-up by single sign-on may follow (`taken_up`)."""
    request.session[_KEY] = token


def taken_up(request):
    """Return the Invitation whose link was opened in the session of `request`, locked until the
    transaction ends; None if no link was opened, or the invitation is no longer open."""
    found = Invitation.of_token(request.session.get(_KEY, ""))
    return found and locked(found)


def locked(invitation):
    """Read `invitation` (an Invitation) anew, lock its row until the transaction ends, and return
    it; None if it is no longer open. So only one of two people who use a link at the same time gets
    an account."""
    row = Invitation.objects.select_for_update().filter(pk=invitation.pk).first()
    return row if row and row.is_open else None


def accept(request, invitation, person):
    """Give the new Person `person` the groups and the role of `invitation` (an Invitation that is
    `locked`), except groups that the identity provider manages; mark the invitation as accepted,
    and remove its link from the session of `request`. Call it within a transaction. Each group and
    role that is given is a row of the access log."""
    invitation.accepted_at, invitation.person = timezone.now(), person
    invitation.save(update_fields=["accepted_at", "person"])
    with acting(request, by=f"invitation of person {invitation.invited_by_id}"):
        person.groups.add(*invitation.groups.filter(directory_rows=None))
        roles.give(person, invitation.role)
    request.session.pop(_KEY, None)


def confirm_address(person, email):
    """Insert an EmailAddress for `person` (a Person), who opened a link that was sent to `email`:
    verified, primary, in lower case."""
    EmailAddress.objects.create(user=person, email=email.lower(), primary=True, verified=True)


def is_taken(email):
    """Return True if an account has the e-mail address `email`, in any case of letters."""
    return (
        Person.objects.filter(email__iexact=email).exists()
        or EmailAddress.objects.filter(email__iexact=email).exists()
    )


def send(request, invitation):
    """Queue an e-mail with the link of `invitation` (an Invitation) to its address, in the active
    language (that of the inviting administrator). `request` gives the site's address for the
    link."""
    context = {
        "url": request.build_absolute_uri(invitation.path),
        "site_name": settings.SITE_NAME,
        "until": invitation.expires_at,
    }
    get_adapter(request).send_mail("account/email/invitation", invitation.email, context)
