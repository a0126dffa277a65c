"""What a person reads when an order was refused."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from conversations.replies import submission
from conversations.usage.sentences import limit_sentence


@dataclass(frozen=True)
class Refusal:
    """The answer to a refused order; `retry_after` in seconds, None where waiting is no help."""

    status: int
    sentence: str
    retry_after: int | None = None

    def mark(self, response):
        """Give the HTTP response what clients act on."""
        if self.retry_after is not None:
            response.headers["Retry-After"] = str(self.retry_after)
        return response


def full():
    """This process writes as many replies as it can."""
    return Refusal(
        503, _("The server is writing as many replies as it can. Try again in a few seconds."), 5
    )


def refusal_of(refused):
    """The Refusal for an order.Refused."""
    if isinstance(refused, submission.OverLimit):
        return Refusal(429, limit_sentence(refused.limit), refused.limit.retry_after)
    return {
        "busy": Refusal(
            409, _("A reply is still being written here. Wait for it, or stop it first.")
        ),
        "stale": Refusal(
            409,
            _(
                "This conversation went on elsewhere since you opened it here. Nothing was sent: "
                "look at what is new, then press Send again."
            ),
        ),
        "conflict": Refusal(
            409,
            _("This form was already sent with another text. Press Send to send this one too."),
        ),
        "not_possible": Refusal(409, _("This message cannot be answered again. Reload the page.")),
    }[refused.code]
