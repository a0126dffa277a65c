"""The item `mcp_approval_request`: the model asks whether it may use a tool of an MCP server."""

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext as _

from ..approvals import LONGEST_NAME
from ..fenced import fenced
from ..fields import json_in, line_in, text_in
from ..kind import Item, Kind, Look, state_of


@dataclass(frozen=True, slots=True)
class McpApprovalRequestLook(Look):
    """Look of a request for approval: `name` of the tool and of its MCP `server`, `arguments` that
    would be sent, as JSON text and in full, for who allows them has to see all of them; `request`
    is the item's id, which the answer names."""

    is_open: ClassVar[bool] = True
    name: str = ""
    server: str = ""
    arguments: str = ""
    request: str = ""


class McpApprovalRequest(Kind):
    """Kind for a request for approval, with which a reply ends. It is sent to the gateway again
    only together with its answer, an `mcp_approval_response`: see `items.approvals`."""

    type = "mcp_approval_request"

    def next_input(self, item: Item) -> list[Item]:
        names = {name: text_in(item, name) for name in ("id", "server_label", "name")}
        return [{"type": self.type, **names, "arguments": json_in(item, "arguments")}]

    def look(self, *items: Item, live: bool = False) -> McpApprovalRequestLook:
        [item] = items
        return McpApprovalRequestLook(
            self.type,
            *state_of(item, live),
            name=line_in(item, "name", LONGEST_NAME) or _("a tool"),
            server=line_in(item, "server_label", LONGEST_NAME) or _("a server"),
            arguments=json_in(item, "arguments"),
            request=text_in(item, "id"),
        )

    def came(self, item: Item) -> str:
        return _("The model asks whether it may use a tool, and wrote nothing.")

    def searched(self, item: Item) -> str:
        return "\n".join([text_in(item, "name"), json_in(item, "arguments")])

    def exported(self, item: Item) -> str:
        look = self.look(item)
        names = {"tool": look.name, "server": look.server}
        parts = [_("The model asked to use the tool %(tool)s of %(server)s:") % names]
        parts += [fenced(json_in(item, "arguments"), "json")]
        return "\n\n".join(filter(None, parts))
