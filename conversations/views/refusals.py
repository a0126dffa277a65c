"""Refusals: the HTTP status and the sentence for a submission that was not accepted."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from conversations.models import LanguageModel
from conversations.rendering.isolated_text import isolated
from conversations.replies import queued_message
from conversations.replies.refused import FilesMissing, NoPictures, OverLimit, RequestTooLarge
from conversations.usage.sentences import limit_sentence

SECONDS_TO_RETRY = 5  # the header Retry-After when the server is full


@dataclass(frozen=True)
class Refusal:
    """Refusal of a submission, for the HTTP response: `status` and `sentence` to show.

    `code` names the cause, like "busy" (`replies.refused`); `retry_after` is in seconds, None if
    waiting does not help.
    """

    code: str
    status: int
    sentence: str
    retry_after: int | None = None

    def mark(self, response):
        """Set the header Retry-After of `response` (an HttpResponse) if `retry_after` is known, and
        return `response`."""
        if self.retry_after is not None:
            response.headers["Retry-After"] = str(self.retry_after)
        return response


def refusal_of(refused):
    """Return the Refusal (status and sentence in the active language) for `refused`, a
    replies.refused.Refused exception."""
    if isinstance(refused, OverLimit):
        return Refusal(refused.code, 429, limit_sentence(refused.limit), refused.limit.retry_after)
    if isinstance(refused, NoPictures):
        return Refusal(refused.code, 422, _no_pictures(refused))
    status, sentence, *retry_after = {
        "full": (
            503,
            _("The server is writing as many replies as it can. Try again in a few seconds."),
            SECONDS_TO_RETRY,
        ),
        "queue_full": (
            409,
            _(
                "With what is queued already, this would be longer or have more files than one "
                "message may. Nothing was queued: send it when the reply has ended."
            ),
        ),
        "busy": (409, _("A reply is still being written here. Wait for it, or stop it first.")),
        "stale": (
            409,
            _(
                "This conversation went on elsewhere since you opened it here. Nothing was sent: "
                "look at what is new, then press Send again."
            ),
        ),
        "conflict": (
            409,
            _("This form was already sent with another text. Press Send to send this one too."),
        ),
        "answered": (
            409,
            _("You gave another answer to this before, and the first one counts. Reload the page."),
        ),
        "passed_over": (
            409,
            _(
                "The conversation went on without an answer to this, so that none can be given any "
                "more. Retry the reply, and the model may ask again."
            ),
        ),
        "temporary_forbidden": (
            403,
            _(
                "Temporary conversations are switched off for you. Nothing was sent: begin a new "
                "conversation that is not temporary."
            ),
        ),
        "temporary_enforced": (
            403,
            _(
                "All your conversations have to be temporary now, and this one is not. Nothing was "
                "sent: begin a new conversation."
            ),
        ),
        "not_possible": (409, _("This message cannot be answered again. Reload the page.")),
        "files_missing": (409, _("A file is no longer there. Add it again.")),
        "request_too_large": (
            422,
            _(
                "With its files this is more than the gateway takes at once. Send fewer files, or "
                "begin a new conversation."
            ),
        ),
        "inputs_too_large": (
            429,
            _(
                "Your replies that are being written have read as much text and as many files as "
                "is possible at a time. Wait until one has ended, then press Send again."
            ),
            SECONDS_TO_RETRY,
        ),
        "message_deleted": (
            409,
            _("The message that this one follows was deleted meanwhile. Reload the page."),
        ),
    }[refused.code]
    return Refusal(refused.code, status, sentence, *retry_after)


def queued_sentence(queued):
    """Return the sentence, in the active language, that says why the QueuedMessage `queued` was not
    sent when its turn came; "" if it was not refused, or there is no sentence for the cause."""
    if not queued.refused:
        return ""
    if queued.refusal == NoPictures.code:
        offered = LanguageModel.objects.offered_to(queued.conversation.owner)
        others = [each.name for each in offered if each.images]
        return refusal_of(NoPictures(queued.model, others)).sentence
    for cause in (FilesMissing, RequestTooLarge):
        if queued.refusal == cause.code:
            return refusal_of(cause()).sentence
    return {
        OverLimit.code: _("A limit of your usage was reached when its turn came."),
        queued_message.NO_MODEL: _("Its model is not offered to you any more: choose another one."),
        queued_message.ASKED: _("The reply before it asks for your approval."),
    }.get(queued.refusal, "")


def _no_pictures(refused):
    """Return the sentence that says that the chosen model takes no pictures, and which models do.
    `refused` is a NoPictures exception."""
    sentence = _("The model “%(model)s” takes no pictures, and this conversation has some.") % {
        "model": isolated(refused.model)
    }
    if not refused.others:
        advice = _("Remove them, or ask your administrator for a model that does.")
        return f"{sentence} {advice}"
    choose = _("Remove them, or choose one of these models: %(models)s.")
    return f"{sentence} {choose % {'models': ', '.join(map(isolated, refused.others))}}"
