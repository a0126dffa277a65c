"""Page of the setup's steps for administrators, on which they check the gateway, dismiss a step, or
restore a dismissed one."""

from django.contrib import admin, messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from conversations.doctor import gateway
from conversations.doctor.finding import OK, PROBLEM
from conversations.installation.steps import gateway_fingerprint, steps
from conversations.models import SetupStep
from conversations.views.site_settings import require_settings_permission

# Seconds within which the gateway has to list its models, while the browser waits.
GATEWAY_SECONDS = 6


@require_safe
def setup_steps(request):
    """Return the page with all steps of the setup, done ones and dismissed ones too."""
    require_settings_permission(request)
    context = {**admin.site.each_context(request), "title": _("Setup"), "steps": steps(request)}
    return render(request, "admin/setup_steps.html", context)


@require_POST
def change_step(request, name):
    """Dismiss, restore or check the step `name`, as `act` in the POST data says; then redirect to
    the page that the form was on, which says what the check found. Only the gateway can be checked.
    Raise Http404 for any other `name` or `act`."""
    require_settings_permission(request)
    act = request.POST.get("act")
    if name not in SetupStep.Name.values or act not in ("dismiss", "restore", "check"):
        raise Http404
    if act == "check":
        if name != SetupStep.Name.GATEWAY:
            raise Http404
        _check_gateway(request)
    elif act == "dismiss":
        SetupStep.dismiss(name, request.user)
    else:
        SetupStep.restore(name)
    return redirect("setup_steps" if request.POST.get("from") == "setup" else "admin:index")


def _check_gateway(request):
    """Check the gateway (`conversations.doctor.gateway`), store in its SetupStep whether the check
    found a problem, and add each finding as a Django message, which the next page shows."""
    findings = gateway.check(seconds=GATEWAY_SECONDS)
    for finding in findings:
        said = " ".join(str(part) for part in (finding.said, finding.todo) if part)
        show = {OK: messages.success, PROBLEM: messages.error}.get(finding.level, messages.warning)
        show(request, said)
    failed = any(finding.level == PROBLEM for finding in findings)
    note = SetupStep.note_failed if failed else SetupStep.note_done
    note(SetupStep.Name.GATEWAY, gateway_fingerprint())
