"""The item `mcp_approval_response`: a person's answer to an `mcp_approval_request`."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from ..fields import line_in, text_in
from ..kind import Item, Kind, Look, state_of


@dataclass(frozen=True, slots=True)
class McpApprovalResponseLook(Look):
    """Look of the answer to a request for approval: `is_allowed` is True if the person allowed the
    use of the tool `name` of the MCP server `server` (both "" if the item does not say which);
    `reason` is the person's reason, "" for none."""

    is_allowed: bool = False
    name: str = ""
    server: str = ""
    reason: str = ""


class McpApprovalResponse(Kind):
    """Kind for a person's answer to a request for approval; it is in a message of the person, after
    the reply that ended with the request."""

    type = "mcp_approval_response"

    def next_input(self, item: Item) -> list[Item]:
        answer: Item = {
            "type": self.type,
            "approval_request_id": text_in(item, "approval_request_id"),
            "approve": item.get("approve") is True,
        }
        if reason := text_in(item, "reason"):
            answer["reason"] = reason
        return [answer]

    def look(self, *items: Item, live: bool = False) -> McpApprovalResponseLook:
        [item] = items
        return McpApprovalResponseLook(
            self.type,
            *state_of(item, live),
            is_allowed=item.get("approve") is True,
            name=line_in(item, "name"),
            server=line_in(item, "server_label"),
            reason=line_in(item, "reason"),
        )

    def exported(self, item: Item) -> str:
        names = {"tool": line_in(item, "name"), "server": line_in(item, "server_label")}
        if not all(names.values()):
            return _("Allowed.") if item.get("approve") is True else _("Refused.")
        if item.get("approve") is True:
            return _("Allowed: %(tool)s of %(server)s.") % names
        return _("Refused: %(tool)s of %(server)s.") % names
