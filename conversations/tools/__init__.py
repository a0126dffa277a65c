"""The gateway's own tools (web search, pictures, code, files, connectors): which a model's row
lists, which a person may use, which are switched on, and what a request says of them."""

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
