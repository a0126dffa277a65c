"""Tools that the gateway itself runs (web search, pictures, code, files, connectors): which of them
a LanguageModel lists, a person may use and a conversation has switched on, and their fields in a
request."""

from conversations.tools.choice import PersonsTools, Switch, merged, sent_with, switched_on
from conversations.tools.kind import kind_of, label_of
from conversations.tools.request import fields_of
from conversations.tools.tool import Tool, faults, read

__all__ = [
    "PersonsTools",
    "Switch",
    "Tool",
    "faults",
    "fields_of",
    "kind_of",
    "label_of",
    "merged",
    "read",
    "sent_with",
    "switched_on",
]
