"""Why a submission was refused: one exception for each cause. Nothing is stored then."""


class Refused(Exception):
    """A submission that was not taken. `code` names the cause; views have a sentence for it."""

    code = "refused"


class Busy(Refused):
    """A reply is being written in this conversation."""

    code = "busy"


class Conflict(Refused):
    """The same submission id was sent before, with another text or by somebody else."""

    code = "conflict"


class Stale(Refused):
    """Messages that the form did not show follow the one it was shown under."""

    code = "stale"


class Full(Refused):
    """There is no room for another reply now."""

    code = "full"


class OverLimit(Refused):
    """A budget or rate limit does not allow it now; `limit` is the usage.OverLimit."""

    code = "over_limit"

    def __init__(self, limit):
        super().__init__(str(limit))
        self.limit = limit


class NotPossible(Refused):
    """That message cannot be edited, retried or continued: it is of the wrong role; or the person's
    account was deleted meanwhile."""

    code = "not_possible"


class MessageDeleted(Refused):
    """The message that it answers, edits or retries was deleted meanwhile."""

    code = "message_deleted"


class ConversationDeleted(Refused):
    """The conversation was deleted, or put into the trash, meanwhile."""

    code = "conversation_deleted"
