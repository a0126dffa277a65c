"""Views of a person's background jobs (imports, erasures): progress and report, and to cancel
one."""

from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from conversations.jobs import runner
from conversations.models import Job
from conversations.transfer.report import Report
from conversations.views.ownership import person_required
from conversations.views.see_other import SeeOther


def own_job(request, job_id):
    """Return the Job with the id `job_id` if `request.user` ordered it; else raise Http404."""
    job = request.user.jobs.filter(pk=job_id).first()
    if job is None:
        raise Http404
    return job


@person_required
@require_safe
def job(request, job_id):
    """Return the page with the progress and the report of a background job; as the fragment "job"
    only the part of the page that changes."""
    job = own_job(request, job_id)
    context = {"job": job, "kind": job.get_kind_display()}
    if job.kind == Job.Kind.IMPORT:
        report = Report.from_json(job.report)
        context["lines"] = report.lines() if report.found or not job.is_open else []
        if job.state == Job.State.FAILED:
            context["fault"] = report.fault.sentence if report.fault else ""
            context["lines"] = report.lines() if report.found else []
    name = "conversations/_job.html" if request.fragment == "job" else "conversations/job.html"
    return render(request, name, context)


@person_required
@require_POST
def cancel(request, job_id):
    """Cancel a background job and redirect to its page; what was done already is not undone."""
    runner.cancel(own_job(request, job_id))
    return SeeOther(reverse("job", args=[job_id]))
