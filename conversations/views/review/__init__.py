"""Views of the review: the queue of conversations to review, and the conversations of other people.
Each needs the permission `review_conversation`; reading needs a reason, and each act is recorded in
the access log.

All ways to other people's text are in this package, and in `conversations.views.cases`, which
exports it.
"""

from .files import file, file_text
from .marks import flag, note, reviewed
from .queue import following, index
from .reading import conversation, response_input
from .visit import Visit, reviewer_required

__all__ = [
    "Visit",
    "conversation",
    "file",
    "file_text",
    "flag",
    "following",
    "index",
    "note",
    "response_input",
    "reviewed",
    "reviewer_required",
]
