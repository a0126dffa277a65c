"""Logins on the pages of people in the administration: facts about a person's logins, and actions
that end sessions and reset second factors."""

from allauth.mfa.models import Authenticator
from django.contrib import admin, messages
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from conversations.accounts.adapter import send_factor_reset
from conversations.admin import person_facts
from conversations.models import Person, ReviewAccess
from conversations.review.record_access import record

SHOWN = ["roles", "ways", "factors", "sessions", "directory_groups"]


class SignInActions:
    """Mixin for the ModelAdmin of Person. It needs a method `_touchable(request, queryset)` that
    returns those people of the queryset whom `request.user` may change."""

    @admin.action(description=_("End all sessions: log out everywhere"), permissions=["change"])
    def end_sessions(self, request, queryset):
        """Log out those people in `queryset` whom `request.user` may change, everywhere except in
        the session of `request`. The access log gets a row for each."""
        people = list(self._touchable(request, queryset))
        with transaction.atomic():
            for person in people:
                record(request, ReviewAccess.Action.ENDED_SESSIONS, owner_id=person.pk)
            Person.end_sessions([person.pk for person in people], keep=request.session.session_key)
        said = ngettext("%d person was logged out.", "%d people were logged out.", len(people))
        messages.success(request, said % len(people))

    @admin.action(
        description=_("Reset the second factor: also logs out everywhere"), permissions=["change"]
    )
    def reset_factors(self, request, queryset):
        """Delete all second factors of those people in `queryset` whom `request.user` may change,
        and end their sessions, except that of `request`. Those without a second factor are left
        out. The access log gets a row for each person, and they are told by e-mail."""
        people = [
            person
            for person in self._touchable(request, queryset)
            if Authenticator.objects.filter(user=person).exists()
        ]
        with transaction.atomic():
            for person in people:
                Authenticator.objects.filter(user=person).delete()
                record(request, ReviewAccess.Action.RESET_FACTOR, owner_id=person.pk)
            Person.end_sessions([person.pk for person in people], keep=request.session.session_key)
        for person in people:
            if person.email:
                send_factor_reset(request, person)
        said = ngettext(
            "The second factor of %d person was reset.",
            "The second factors of %d people were reset.",
            len(people),
        )
        messages.success(request, said % len(people))

    @admin.display(description=_("what this person may do"))
    def roles(self, person):
        """Return the roles of `person` as lines of HTML, for their page."""
        return person_facts.summary_of_roles(person)

    @admin.display(description=_("signs in with"))
    def ways(self, person):
        """Return the ways in which `person` can log in as lines of HTML, for their page."""
        return person_facts.ways_to_log_in(person)

    @admin.display(description=_("second factors"))
    def factors(self, person):
        """Return the second factors of `person` as lines of HTML, for their page."""
        return person_facts.second_factors(person)

    @admin.display(description=_("sessions"))
    def sessions(self, person):
        """Return the sessions of `person` as lines of HTML, for their page."""
        return person_facts.sessions(person)

    @admin.display(description=_("groups by the directory"))
    def directory_groups(self, person):
        """Return the names of the groups of `person` that the identity provider manages, for their
        page."""
        return person_facts.directory_groups(person)
