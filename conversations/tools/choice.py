"""Choice of tools: which of a model's tools a person may use, and which of them are switched on.

A choice is a list of names of tools, as `Conversation.tools` keeps it; None means that nobody
chose yet, so that each tool is as its model's row says ("default").
"""

from dataclasses import dataclass
from typing import Any

from conversations.tools.request import as_sent
from conversations.tools.tool import read


@dataclass(frozen=True, slots=True)
class Switch:
    """Tool as a form offers it: `name`, `label` (text, or lazy text) and whether it `is_on`."""

    name: str
    label: Any
    is_on: bool


class PersonsTools:
    """Tools of each model that `person` (a Person; None: nobody) may use. The names of the person's
    groups are queried once, and only if a tool is limited to groups."""

    def __init__(self, person):
        self._person = person
        self._groups = None
        self._found = {}

    def of(self, model):
        """Return the tuple of Tools of `model` (a LanguageModel) that the person may use."""
        if not model.tools:
            return ()
        if model.pk not in self._found:
            found = tuple(tool for tool in read(model.tools) if self._may_use(tool))
            self._found[model.pk] = found
        return self._found[model.pk]

    def _may_use(self, tool):
        if not tool.groups:
            return True
        if self._person is None:
            return False
        if self._groups is None:
            self._groups = set(self._person.groups.values_list("name", flat=True))
        return not self._groups.isdisjoint(tool.groups)


def switched_on(tools, names):
    """Return those of `tools` (Tools) that are on by the choice `names`, a list of names of tools
    (None: nobody chose, each is as its `default` says), as a tuple."""
    return tuple(tool for tool in tools if (tool.default if names is None else tool.name in names))


def sent_with(tools, request):
    """Return those of `tools` (Tools) that `request`, the JSON of a `Response.request`, was sent
    with, as a tuple."""
    sent = request.get("tools") or ()
    return tuple(tool for tool in tools if as_sent(tool) in sent)


def merged(names, tools, shown, ticked):
    """Return the choice (a list of names of tools) after a form was sent; `names` is the choice
    before it (None: nobody chose).

    `tools` are the Tools of all models that the person may use, `shown` the names of those that the
    form had a switch for, `ticked` the names of the switches that were on. A tool without a switch
    stays as it was: what somebody chose for one model, or never touched, is the same after a
    message to another that lacks the tool.
    """
    before = [tool.name for tool in switched_on(tools, None)] if names is None else names
    kept = [name for name in before if name not in shown]
    return list(dict.fromkeys([*kept, *ticked]))
