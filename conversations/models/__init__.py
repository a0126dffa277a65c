"""Database models of the app, one module for each subject; `conversations.models` exports all of
them."""

from conversations.models.access_log import AccessLogHead, Permanent, ReviewAccess

from .access_words import AccessWords
from .attachment import Attachment, StoredFile
from .budget import Budget, BudgetChange
from .charge import Charge
from .conversation import Conversation
from .directory_group import DirectoryGroup
from .erasure import Erasure
from .feedback import Feedback
from .hold import Hold
from .invitation import Invitation
from .job import Job
from .language_model import LanguageModel
from .message import Message
from .outgoing_mail import OutgoingMail
from .person import Person
from .price import Price, ToolPrice
from .queued_message import QueuedMessage
from .response import Response
from .retention_rule import RetentionRule, TemporaryPolicy
from .review_mark import ReviewMark, ReviewNote
from .review_scope import Scope
from .review_sitting import ReviewSitting
from .search_entry import SearchEntry
from .server_process import ServerProcess
from .setup_step import SetupStep
from .usage_day import UsageDay, UsageRollup
from .usage_scope import UsageScope

__all__ = [
    "AccessLogHead",
    "AccessWords",
    "Attachment",
    "Budget",
    "BudgetChange",
    "Charge",
    "Conversation",
    "DirectoryGroup",
    "Erasure",
    "Feedback",
    "Hold",
    "Invitation",
    "Job",
    "LanguageModel",
    "Message",
    "OutgoingMail",
    "Permanent",
    "Person",
    "Price",
    "QueuedMessage",
    "Response",
    "RetentionRule",
    "ReviewAccess",
    "ReviewMark",
    "ReviewNote",
    "ReviewSitting",
    "Scope",
    "SearchEntry",
    "ServerProcess",
    "SetupStep",
    "StoredFile",
    "TemporaryPolicy",
    "ToolPrice",
    "UsageDay",
    "UsageRollup",
    "UsageScope",
]
