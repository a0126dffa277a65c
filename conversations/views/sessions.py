"""Page of a person's own sessions: lists where they are logged in, with a button that logs out all
others."""

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from conversations.accounts.session_list import sessions_of
from conversations.models import Person
from conversations.views.ownership import person_required
from conversations.views.see_other import SeeOther


@person_required
@require_http_methods(["GET", "HEAD", "POST"])
def sessions(request):
    """Return the page with the list of the person's sessions; POST ends all except the present one,
    and redirects to the list (303)."""
    if request.method == "POST":
        Person.end_sessions([request.user.pk], keep=request.session.session_key)
        messages.success(request, _("You are signed out everywhere else."))
        return SeeOther(request.path)
    # One that began before logins were noted, or with the set-up of the site, is in no list yet.
    UserSession.objects.create_from_request(request)
    mine = sessions_of(request.user, request.session.session_key)
    return render(request, "account/sessions.html", {"sessions": mine})
