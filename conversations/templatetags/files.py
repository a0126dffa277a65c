"""Template tags and filters for the files of messages."""

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from conversations.files import sentences, sizes
from conversations.models.attachment import UNREAD

register = template.Library()

# For the browser's file dialog. Without HEIC among them a phone converts its pictures to JPEG, and
# offers its camera. Any other text can be chosen all the same, and dropped.
ACCEPTED = (
    *("image/jpeg", "image/png", "image/webp", "image/gif", "application/pdf"),
    *(".pdf", ".docx", ".xlsx", ".pptx", "text/*", ".txt", ".md", ".csv", ".tsv", ".json"),
    *(".log", ".xml", ".html", ".svg", ".yaml", ".yml", ".toml", ".ini", ".tex", ".sql", ".sh"),
    *(".py", ".js", ".ts", ".jsx", ".tsx", ".css", ".c", ".h", ".cpp", ".hpp", ".cs", ".java"),
    *(".go", ".rs", ".rb", ".php", ".swift", ".kt", ".r", ".ipynb", ".diff", ".patch"),
)
KINDS = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "application/pdf": "PDF",
    "text/csv": "CSV",
    "text/markdown": "Markdown",
    "application/json": "JSON",
}
OFFICE = {"document": "Word", "sheet": "Excel", "presentation": "PowerPoint"}


@register.simple_tag
def accepted_files():
    """Return the value of the HTML attribute `accept` for upload fields: the media types and
    endings of files that may be chosen, with commas."""
    return ",".join(ACCEPTED)


@register.simple_tag
def file_limits():
    """Return the sentences that say which kinds of files can be uploaded, how many, and how
    large."""
    return f"{sentences.kinds()} {sentences.limits()}"


@register.simple_tag
def file_refusal(code):
    """Return the sentence that says why a file was refused; `code` is the word for the cause, as in
    FileRefused.code."""
    return sentences.refusal(code)


@register.simple_tag
def made_refusal(code):
    """Return the sentence that says why a file that a reply made could not be kept; `code` is the
    word for the cause, as in FileRefused.code."""
    return sentences.made_refusal(code)


@register.simple_tag
def file_bounds():
    """Return HTML attributes (`data-most`, `data-most-bytes`) by which a form's JavaScript knows
    how many files a message may have, and how many bytes each."""
    return format_html(
        'data-most="{}" data-most-bytes="{}"', settings.FILES_PER_MESSAGE, settings.MAX_FILE
    )


@register.filter
def file_facts(file):
    """Return kind and size of `file` (an Attachment) as text, with its pages or its size in pixels,
    like "PDF · 1.2 MB · 12 pages"."""
    kind = KINDS.get(file.media_type) or OFFICE.get(file.media_type.rpartition(".")[2], _("Text"))
    if file.media_type == UNREAD:
        kind = _("File")
    facts = [kind, sizes.in_words(file.size)]
    if file.is_picture:
        facts.append(f"{file.width} × {file.height}")
    elif file.pages:
        facts.append(
            ngettext("%(count)d page", "%(count)d pages", file.pages) % {"count": file.pages}
        )
    return " · ".join(facts)


@register.filter
def file_note(file):
    """Return the sentence that says why `file` (an Attachment) may not be used (yet), or that a
    model reads only a part of it; "" if neither."""
    return sentences.state(file) or sentences.reading(file)
