"""The item `mcp_list_tools`: the tools that an MCP server offers, listed before the first use."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from ..fields import MOST_SHOWN, dict_in, dicts_in, line_in
from ..kind import Item, Kind, Look, state_of


@dataclass(frozen=True, slots=True)
class McpListToolsLook(Look):
    """Look of a list of tools: `server` is the name of the MCP server, `tools` are pairs `(name,
    description)`; `error` is the message that says why there are none, "" for no error."""

    server: str = ""
    tools: tuple[tuple[str, str], ...] = ()
    error: str = ""


class McpListTools(Kind):
    """Kind for the list of tools of an MCP server. It is shown folded and not exported, since it is
    the same in every reply."""

    type = "mcp_list_tools"

    def look(self, *items: Item, live: bool = False) -> McpListToolsLook:
        [item] = items
        state, left_out = state_of(item, live)
        error = line_in(dict_in(item, "error"), "message") or line_in(item, "error")
        return McpListToolsLook(
            self.type,
            "failed" if error else state,
            left_out,
            server=line_in(item, "server_label", 100) or _("a server"),
            tools=tuple(
                (line_in(each, "name", 100), line_in(each, "description"))
                for each in dicts_in(item, "tools")[:MOST_SHOWN]
            ),
            error=error,
        )
