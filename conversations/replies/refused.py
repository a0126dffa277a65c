"""Exceptions for a submission that is refused, one for each cause. Nothing is stored then."""


class Refused(Exception):
    """Base class: a submission was refused. `code` names the cause, from which views make a
    sentence."""

    code = "refused"


class Busy(Refused):
    """Raised if another reply is being written in the conversation."""

    code = "busy"


class Conflict(Refused):
    """Raised if the submission's id was used before: with another text, in another conversation or
    by another person."""

    code = "conflict"


class Stale(Refused):
    """Raised if messages that the form did not show follow the one that the new message answers."""

    code = "stale"


class Full(Refused):
    """Raised if no process has room for another reply now."""

    code = "full"


class QueueFull(Refused):
    """Raised if a message to be queued and the one that is queued already are together longer, or
    have more files, than one message may."""

    code = "queue_full"


class OverLimit(Refused):
    """Raised if a budget or rate limit is used up; `limit` is the usage.OverLimit for it."""

    code = "over_limit"

    def __init__(self, limit):
        super().__init__(str(limit))
        self.limit = limit


class NotPossible(Refused):
    """Raised if the message cannot be edited, retried or continued, since it is of the wrong role
    (the person's instead of the model's, or the reverse); or if the person's account was deleted.
    """

    code = "not_possible"


class TemporaryForbidden(Refused):
    """Raised if the conversation is, or would be, temporary, and the person may not have temporary
    conversations."""

    code = "temporary_forbidden"


class TemporaryEnforced(Refused):
    """Raised if the conversation is not temporary, and the person may have only temporary
    conversations."""

    code = "temporary_enforced"


class MessageDeleted(Refused):
    """Raised if the message to be answered, edited, retried or continued was deleted meanwhile."""

    code = "message_deleted"


class ConversationDeleted(Refused):
    """Raised if the conversation was deleted, or put into the trash, meanwhile."""

    code = "conversation_deleted"


class Answered(Refused):
    """Raised if the requests for approval of a reply were answered before, in another way."""

    code = "answered"


class PassedOver(Refused):
    """Raised if another message follows a reply whose requests for approval are answered now."""

    code = "passed_over"


class FilesMissing(Refused):
    """Raised if a file of the message is no longer there: removed by the person, deleted by the
    sweep of files, or sent with another message meanwhile."""

    code = "files_missing"


class NoPictures(Refused):
    """Raised if pictures would be sent to a model that takes none. `model` is its name, `others`
    are the names of models that the person may choose and that take pictures."""

    code = "no_pictures"

    def __init__(self, model, others):
        super().__init__(model)
        self.model = model
        self.others = others


class RequestTooLarge(Refused):
    """Raised if the request with its files would be larger than the gateway takes
    (UPSTREAM_MAX_BODY)."""

    code = "request_too_large"


class InputsTooLarge(Refused):
    """Raised if the requests for the replies that this process writes, and this one, would have
    more bytes of text and files in memory than INPUT_MEMORY, or the person's more than their
    share."""

    code = "inputs_too_large"
