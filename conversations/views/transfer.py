"""Views of export and import: download a person's conversations as files, and upload files with
conversations."""

from itertools import chain

from django import forms
from django.conf import settings
from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from conversations.jobs import run_briefly
from conversations.jobs.import_space import NoImportSpace, check_space
from conversations.jobs.import_work import order_import
from conversations.models import Job
from conversations.transfer import account_archive, markdown_export, native_json
from conversations.transfer.report import Report
from conversations.views.long_work import long_work
from conversations.views.ownership import own_conversation, person_required
from conversations.views.see_other import SeeOther

# Processor time that an import may take within the request; the rest runs in the background.
AT_ONCE_SECONDS = 0.7
MOST_WAITING = 20  # jobs of one person that are not finished
SHOWN = 10  # last imports listed on the page
BLOCK = 262_144  # bytes of an export that are sent at a time


class ImportForm(forms.Form):
    """Form to upload a file with conversations: JSON or zip."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        widget=forms.FileInput(attrs={"accept": ".json,.zip,application/json,application/zip"}),
    )

    def clean_file(self):
        """Return the uploaded file. Raise ValidationError if it is larger than MAX_IMPORT bytes."""
        file = self.cleaned_data["file"]
        if file.size > settings.MAX_IMPORT:
            raise forms.ValidationError(
                _("This file has %(size)s bytes; at most %(most)s can be imported.")
                % {"size": intcomma(file.size), "most": intcomma(settings.MAX_IMPORT)}
            )
        return file


@person_required
@require_http_methods(["GET", "HEAD", "POST"])
def data(request):
    """Return the page of export and import. POST imports the uploaded file: a small one at once,
    with the report on the page; a larger one as a background Job, to whose page it redirects. 422
    for a file that cannot be imported, 429 if too many files wait already."""
    form = ImportForm(request.POST or None, request.FILES or None)
    # Decimal megabytes, rounded down to a tenth.
    context = {"form": form, "most": f"{settings.MAX_IMPORT // 100_000 / 10:g} MB"}
    status = 200
    if request.method == "POST":
        refusal = None
        if form.is_valid():
            refusal = _refusal(request.user, form.cleaned_data["file"].size)
            if refusal:
                form.add_error("file", refusal)
        report = None
        if form.is_valid():
            job = order_import(request.user, form.cleaned_data["file"])
            job = run_briefly(job, AT_ONCE_SECONDS)
            if job.is_open:
                return SeeOther(reverse("job", args=[job.pk]))
            report = Report.from_json(job.report)
            if job.state == Job.State.FAILED:
                fault = report.fault
                form.add_error("file", fault.sentence if fault else _("The import failed."))
                report = None
        context.update(lines=report.lines() if report else [])
        status = 200 if report else 429 if refusal else 422
    context["jobs"] = request.user.jobs.filter(kind=Job.Kind.IMPORT)[:SHOWN]
    page = render(request, "conversations/data.html", context, status=status)
    if status == 429:
        page.headers["Retry-After"] = "60"
    return page


def _refusal(person, size):
    """Return the sentence that says why a file of `size` bytes from `person` cannot be accepted
    now, or None if it can."""
    try:
        if person.jobs.filter(state__in=Job.OPEN).count() >= MOST_WAITING:
            raise NoImportSpace(is_share=True)
        check_space(person.pk, size)
    except NoImportSpace as error:
        if error.is_share:
            return _("So many files wait already. Try again when they are in.")
        return _("So many files of all people wait already. Try again in a few minutes.")
    return None


@long_work
@person_required
@require_safe
def export_all(request):
    """Return a zip file of all data of the person, streamed while it is made."""
    pieces = account_archive.write_zip(request.user)
    response = StreamingHttpResponse(pieces, content_type="application/zip")
    name = f"{settings.SITE_NAME} {timezone.localdate().isoformat()}.zip"
    response.headers["Content-Disposition"] = content_disposition_header(True, name)
    return response


@long_work
@person_required
@require_safe
def export_markdown(request, conversation_id):
    """Return the shown branch of a conversation as a Markdown file to download."""
    conversation = own_conversation(request, conversation_id)
    return _file(conversation, markdown_export.pieces(conversation), "md", "text/markdown")


@long_work
@person_required
@require_safe
def export_json(request, conversation_id):
    """Return a conversation with all its branches as a JSON file to download."""
    conversation = own_conversation(request, conversation_id)
    return _file(conversation, native_json.pieces(conversation), "json", "application/json")


def _file(conversation, pieces, extension, content_type):
    """Return `pieces`, an iterable of texts, as a file to download, named after `conversation`,
    with that `extension` (without dot); a long one is streamed while it is made."""
    blocks = _blocks(pieces)
    begin, more = next(blocks, b""), next(blocks, None)
    content_type = f"{content_type}; charset=utf-8"
    if more is None:
        response = HttpResponse(begin, content_type=content_type)
    else:
        response = StreamingHttpResponse(chain([begin, more], blocks), content_type=content_type)
    name = f"{account_archive.file_name(conversation)}.{extension}"
    response.headers["Content-Disposition"] = content_disposition_header(True, name)
    return response


def _blocks(pieces):
    """Yield the texts of the iterable `pieces`, joined and encoded as UTF-8, in blocks of at least
    BLOCK bytes (the last may be shorter): each block is sent by itself."""
    block = bytearray()
    for piece in pieces:
        block += piece.encode("utf-8", "replace")
        if len(block) >= BLOCK:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)
