"""Redirects with status 303 after a POST, so that the browser continues with a GET."""

from django.contrib import messages
from django.http.response import HttpResponseRedirectBase
from django.shortcuts import render


class SeeOther(HttpResponseRedirectBase):
    """HTTP redirect with status 303 (RFC 9110, 15.4.4)."""

    status_code = 303


def see_other_with_note(request, url, note="", undo=""):
    """Return a SeeOther to `url`, whose page then shows the sentence `note` ("": none), with an
    Undo button if `undo` (a path that the button posts to) is given. For the JavaScript (a request
    for a fragment) return only the HTML of the note, without a redirect."""
    if request.fragment:
        return render(request, "_note.html", {"text": note, "undo": undo})
    if note:
        messages.success(request, note, extra_tags=undo)
    return SeeOther(url)
