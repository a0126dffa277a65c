"""Redirects after a POST, with status 303, so that the browser continues with a GET."""

from django.contrib import messages
from django.http.response import HttpResponseRedirectBase
from django.shortcuts import render


class SeeOther(HttpResponseRedirectBase):
    """A redirect with status 303 (RFC 9110, 15.4.4)."""

    status_code = 303


def see_other_with_note(request, url, note="", undo=""):
    """A SeeOther to `url`, whose page then shows `note`, with an Undo button that posts to the path
    `undo` where there is one. For the script it is the note alone, as a fragment."""
    if request.fragment:
        return render(request, "_note.html", {"text": note, "undo": undo})
    if note:
        messages.success(request, note, extra_tags=undo)
    return SeeOther(url)
