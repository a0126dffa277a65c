"""View of a person's feedback on a reply: a thumb up or down, with an optional comment."""

from django import forms
from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from conversations.models import Feedback
from conversations.views.ownership import own_message, person_required
from conversations.views.see_other import SeeOther

NONE = "none"


class FeedbackForm(forms.Form):
    """Form of feedback on a reply. `value` is "good", "bad", or "none" to delete the feedback;
    without a value only the comment changes."""

    value = forms.ChoiceField(required=False, choices=[*Feedback.Value.choices, (NONE, "")])
    comment = forms.CharField(required=False, max_length=2000)


@person_required
@require_http_methods(["GET", "HEAD", "POST"])
def feedback(request, message_id):
    """Store the person's feedback on a reply and return the fragment that shows it; GET returns a
    page with the form. Without JavaScript a POST redirects to the form for a comment, or back to
    the conversation. 404 for a reply that is still being written and for what is no reply."""
    message = own_message(request, message_id)
    if not message.is_reply or message.is_pending:
        raise Http404
    if request.method != "POST":
        return render(request, "conversations/feedback.html", _context(message))
    form = FeedbackForm(request.POST)
    if not form.is_valid():
        return render(request, "conversations/feedback.html", _context(message), status=422)
    given = _note(message, **form.cleaned_data)
    if request.fragment:
        context = {**_context(message), "ask": given is not None and "comment" not in request.POST}
        return render(request, "conversations/_feedback.html", context)
    if given is None or "comment" in request.POST:
        return SeeOther(f"{message.conversation.get_absolute_url()}?at={message.pk}")
    return SeeOther(request.path)


def _note(message, value, comment):
    """Store the feedback `value` ("good" or "bad") with `comment` (text) on `message`, a Message,
    or delete it if `value` is "none". What is "" is left as it was; a comment without any value,
    now or before, is not stored. Return the Feedback, None if there is none now."""
    given = Feedback.objects.filter(message=message)
    if value == NONE:
        given.delete()
        return None
    if value:
        Feedback.objects.update_or_create(message=message, defaults={"value": value})
    if comment:
        given.update(comment=comment)
    return given.first()


def _context(message):
    """Return the template context of the feedback form of `message`."""
    given = Feedback.objects.filter(message=message).first()
    return {
        "message": message,
        "conversation": message.conversation,
        "feedback": given,
        "thumb": given.value if given else "",
    }
