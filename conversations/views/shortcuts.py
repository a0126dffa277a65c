"""Page of keyboard shortcuts, which the JavaScript shows as a dialog."""

from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from conversations.views.ownership import person_required

# Names that are the same in every language.
SYSTEMS = ("Windows, Linux", "Mac")


@person_required
@require_safe
def shortcuts(request):
    """Return the page of keyboard shortcuts, or as a fragment the content of a dialog. The keys are
    defined in `static/conversations/js/sidebar.js`, their actions in `shortcuts.js` beside it."""
    in_place = bool(request.fragment)
    name = "conversations/_shortcuts.html" if in_place else "conversations/shortcuts.html"
    context = {"systems": SYSTEMS, "shortcuts": _shortcuts(), "in_place": in_place}
    return render(request, name, context)


def _shortcuts():
    """Return a list of the rows of the table of shortcuts, tuples of texts: what the shortcut does,
    its keys on Windows and Linux, its keys on a Mac."""
    return [
        (_("Search"), "Ctrl + K", "⌘ K"),
        (_("New conversation"), "Alt + Shift + N", "⌃ ⇧ N"),
        (_("Previous conversation"), "Alt + Shift + ↑", "⌃ ⇧ ↑"),
        (_("Next conversation"), "Alt + Shift + ↓", "⌃ ⇧ ↓"),
        (_("Copy the last reply"), "Alt + Shift + C", "⌃ ⇧ C"),
        (_("Hide or show the sidebar"), "Alt + Shift + S", "⌃ ⇧ S"),
        (_("Stop the reply"), "Esc", "⎋"),
        (_("Send"), "Ctrl + Enter", "⌘ ↩"),
        (_("Edit the last message"), "↑", "↑"),
        (_("These shortcuts"), "? · Ctrl + /", "? · ⌘ /"),
    ]
