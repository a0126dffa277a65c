"""What the site keeps, and what each thing means and may do."""

from .conversation import Conversation
from .language_model import LanguageModel
from .message import Message
from .person import Person
from .response import Response
from .review_access import AccessLogHead, Permanent, ReviewAccess
from .review_mark import ReviewMark, ReviewNote
from .review_scope import Scope
from .review_sitting import ReviewSitting

__all__ = [
    "AccessLogHead",
    "Conversation",
    "LanguageModel",
    "Message",
    "Permanent",
    "Person",
    "Response",
    "ReviewAccess",
    "ReviewMark",
    "ReviewNote",
    "ReviewSitting",
    "Scope",
]
