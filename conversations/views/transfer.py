"""My conversations as files: out, all or one; and in."""

from django import forms
from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from conversations.transfer import account_archive, markdown_export, native_json
from conversations.transfer.bringing_in import Unreadable, bring_in
from conversations.views.long_work import long_work
from conversations.views.ownership import own_conversation, person_required


class ImportForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("File"),
        widget=forms.FileInput(attrs={"accept": ".json,.zip,application/json,application/zip"}),
    )


@person_required
@require_http_methods(["GET", "HEAD", "POST"])
def data(request):
    """Where all of mine is taken out, and conversations from elsewhere are brought in."""
    form = ImportForm(request.POST or None, request.FILES or None)
    # Of a million bytes, as those write it who set the limit; never more than it is.
    context = {"form": form, "most": f"{settings.MAX_BODY // 100_000 / 10:g} MB"}
    status = 200
    if request.method == "POST":
        report = None
        if form.is_valid():
            try:
                report = bring_in(request.user, form.cleaned_data["file"].file)
            except Unreadable as fault:
                form.add_error("file", fault.sentence)
        context.update(lines=report.lines() if report else [])
        status = 200 if report else 422
    return render(request, "conversations/data.html", context, status=status)


@long_work
@person_required
@require_safe
def export_all(request):
    """A zip of everything of mine, sent while it is made."""
    pieces = account_archive.write_zip(request.user)
    response = StreamingHttpResponse(pieces, content_type="application/zip")
    name = f"{settings.SITE_NAME} {timezone.localdate().isoformat()}.zip"
    response.headers["Content-Disposition"] = content_disposition_header(True, name)
    return response


@person_required
@require_safe
def export_markdown(request, conversation_id):
    conversation = own_conversation(request, conversation_id)
    return _file(conversation, markdown_export.write(conversation), "md", "text/markdown")


@person_required
@require_safe
def export_json(request, conversation_id):
    conversation = own_conversation(request, conversation_id)
    return _file(conversation, native_json.write(conversation), "json", "application/json")


def _file(conversation, text, extension, content_type):
    response = HttpResponse(text, content_type=f"{content_type}; charset=utf-8")
    name = f"{account_archive.file_name(conversation)}.{extension}"
    response.headers["Content-Disposition"] = content_disposition_header(True, name)
    return response
