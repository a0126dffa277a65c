"""The item `function_call`: the model calls a function, which this site does not run."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from ..fenced import fenced
from ..fields import json_in, line_in, passage, text_in
from ..kind import Item, Kind, Look, state_of


@dataclass(frozen=True, slots=True)
class FunctionCallLook(Look):
    """Look of a call of a function: `name` of the function, `arguments` as JSON text."""

    name: str = ""
    arguments: str = ""


class FunctionCall(Kind):
    """Kind for a call of a function. The site offers no functions and runs none, but some models
    call one all the same."""

    type = "function_call"
    # One whose input is any text, of a tool without a schema.
    aliases = ("custom_tool_call",)

    def look(self, *items: Item, live: bool = False) -> FunctionCallLook:
        [item] = items
        return FunctionCallLook(
            self.type,
            *state_of(item, live),
            name=line_in(item, "name", 100) or "?",
            arguments=passage(_sent(item)),
        )

    def came(self, item: Item) -> str:
        return _("The reply is the call of a function, and this site has none to run.")

    def searched(self, item: Item) -> str:
        return "\n".join([text_in(item, "name"), _sent(item)])

    def exported(self, item: Item) -> str:
        words = _("Called the function %(name)s:") % {"name": line_in(item, "name", 100)}
        return "\n\n".join(filter(None, [words, fenced(_sent(item), "json")]))


def _sent(item: Item) -> str:
    """Return what the call `item` would send to the function: its `arguments`, as JSON text, or the
    `input` of a `custom_tool_call`; "" for nothing."""
    return json_in(item, "arguments") or json_in(item, "input")
