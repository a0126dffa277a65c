"""What the site keeps, and what each thing means and may do."""

from .budget import Budget, BudgetChange
from .conversation import Conversation
from .language_model import LanguageModel
from .message import Message
from .person import Person
from .price import Price
from .response import Response
from .review_access import AccessLogHead, Permanent, ReviewAccess
from .review_mark import ReviewMark, ReviewNote
from .review_scope import Scope
from .review_sitting import ReviewSitting
from .search_entry import SearchEntry
from .usage_day import UsageDay, UsageRollup
from .usage_scope import UsageScope

__all__ = [
    "AccessLogHead",
    "Budget",
    "BudgetChange",
    "Conversation",
    "LanguageModel",
    "Message",
    "Permanent",
    "Person",
    "Price",
    "Response",
    "ReviewAccess",
    "ReviewMark",
    "ReviewNote",
    "ReviewSitting",
    "Scope",
    "SearchEntry",
    "UsageDay",
    "UsageRollup",
    "UsageScope",
]
