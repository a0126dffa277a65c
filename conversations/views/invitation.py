"""Page of an invitation's link: makes the invited person's account, once."""

from allauth.account.adapter import get_adapter
from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib.auth.forms import BaseUserCreationForm
from django.db import transaction
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from conversations.accounts import invitations
from conversations.accounts.account_forms import FirstPasswordTakesFaults
from conversations.models import Invitation, Person


class InvitedForm(FirstPasswordTakesFaults, BaseUserCreationForm):
    """Form in which an invited person chooses name and password; the e-mail address is that of the
    invitation."""

    class Meta(BaseUserCreationForm.Meta):
        model = Person
        fields = ("username", "first_name", "last_name")

    def clean_username(self):
        """Return the username. Raise ValidationError if it is taken, or looks like that of another
        account."""
        return get_adapter().clean_username(self.cleaned_data["username"])


@never_cache
@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request, token):
    """Return the page of the invitation that the link's `token` names; POST creates the account and
    logs in. A GET does not use the invitation up, since mail scanners open links. 410 with a page
    that says so if it was used, revoked or has expired, or if its address has an account."""
    found = Invitation.of_token(token)
    if found is None or invitations.is_taken(found.email):
        return render(request, "account/invitation_over.html", status=410)
    if settings.OIDC_ISSUER:
        invitations.remember(request, token)
    form = InvitedForm(request.POST or None)
    context = {"form": form, "invitation": found}
    if request.method != "POST" or not settings.PASSWORD_LOGIN:
        return render(request, "account/invitation.html", context)
    if not form.is_valid():
        return render(request, "account/invitation.html", context, status=422)
    with transaction.atomic():
        row = invitations.locked(found)
        if row is None:
            return render(request, "account/invitation_over.html", status=410)
        person = form.save(commit=False)
        person.email = row.email
        person.save()
        invitations.confirm_address(person, row.email)
        invitations.accept(request, row, person)
    if request.user.is_authenticated:
        get_adapter(request).logout(request)
    return perform_login(request, person, email_verification="none", redirect_url="/")
