"""Administration of background jobs and server processes: read-only lists of both."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from conversations.admin.guarded import RecordsAdmin
from conversations.models import Job, ServerProcess
from conversations.rendering.isolated_text import isolated
from conversations.rendering.short_time import short_time


@admin.register(Job)
class JobAdmin(RecordsAdmin):
    """ModelAdmin of Job: a read-only list of background jobs, without what they work on, which may
    be the name of a file or a person's text."""

    list_display = ["what", "state_", "whose", "begun", "progress", "tries", "last_sign", "ended"]
    list_filter = ["kind", "state"]
    list_select_related = ["owner"]
    fields = list_display
    readonly_fields = list_display

    @admin.display(description=_("job"), ordering="kind")
    def what(self, job):
        """Return the name of the job's kind, for a column of the list."""
        return job.get_kind_display()

    @admin.display(description=_("state"), ordering="state")
    def state_(self, job):
        """Return the job's state in a word, for a column of the list."""
        return job.get_state_display()

    @admin.display(description=_("ordered by"))
    def whose(self, job):
        """Return the username of who ordered the job, or "the site", for a column of the list."""
        return isolated(job.owner.username) if job.owner else _("the site")

    @admin.display(description=_("ordered"), ordering="created_at")
    def begun(self, job):
        """Return the time at which the job was ordered, as short text, for a column of the list."""
        return _time(job.created_at)

    @admin.display(description=_("done, in per cent"))
    def progress(self, job):
        """Return how much of the job is done, in per cent (an integer); "–" if it is not known."""
        return "–" if job.percent is None else job.percent

    @admin.display(description=_("tries without progress"), ordering="attempts")
    def tries(self, job):
        """Return the number of attempts at the job since its last progress, for a column of the
        list."""
        return job.attempts

    @admin.display(description=_("last sign of life"), ordering="heartbeat_at")
    def last_sign(self, job):
        """Return the time of the last heartbeat of the process that works on the job, as short
        text; "–" if there was none yet."""
        return _time(job.heartbeat_at)

    @admin.display(description=_("finished"), ordering="finished_at")
    def ended(self, job):
        """Return the time at which the job was finished, as short text; "–" until then."""
        return _time(job.finished_at)


def _time(at):
    """Return the datetime `at` as short text in the active time zone and language; "–" for None."""
    return short_time(at) if at else "–"


@admin.register(ServerProcess)
class ServerProcessAdmin(RecordsAdmin):
    """ModelAdmin of ServerProcess: a read-only list of the processes that serve the site, on all
    machines."""

    list_display = [
        *("lease", "replies", "streams", "room_for_replies", "room_for_streams", "heartbeat_at"),
    ]
    ordering = ["-heartbeat_at"]
