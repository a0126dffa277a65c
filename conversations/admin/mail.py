"""Administration of e-mails that wait to be sent or could not be sent."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from conversations.admin.guarded import GuardedAdmin
from conversations.models import OutgoingMail


@admin.register(OutgoingMail)
class OutgoingMailAdmin(GuardedAdmin):
    """ModelAdmin of OutgoingMail: e-mails can be viewed and deleted only. Their text is not shown,
    since it may hold a link to set somebody's password."""

    list_display = ["subject", "recipients", "created_at", "attempts", "state", "error"]
    fields = ["subject", "recipients", "created_at", "attempts", "next_attempt_at", "error"]
    readonly_fields = fields

    @admin.display(description=_("state"))
    def state(self, mail):
        """Return the state of the OutgoingMail `mail` in words ("given up", "to be repeated" after
        a failed attempt, "waiting"), for a column of the list."""
        if mail.is_given_up:
            return _("given up")
        return _("to be repeated") if mail.attempts else _("waiting")

    def has_add_permission(self, request):
        """Return False: only the site itself queues e-mails."""
        return False

    def has_change_permission(self, request, obj=None):
        """Return False: queued e-mails are shown only."""
        return False
