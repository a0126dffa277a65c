"""What the site keeps, and what each thing means and may do."""

from .conversation import Conversation
from .language_model import LanguageModel
from .message import Message
from .person import Person
from .response import Response

__all__ = ["Conversation", "LanguageModel", "Message", "Person", "Response"]
