"""The item `mcp_call`: the use of a tool on an MCP server."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from ..fenced import fenced
from ..fields import dict_in, dicts_in, json_in, line_in, passage, text_in
from ..kind import Item, Kind, Look, state_of


@dataclass(frozen=True, slots=True)
class McpCallLook(Look):
    """Look of the use of a tool: `name` of the tool and of its MCP `server`, `arguments` that were
    sent, as JSON text, `output` (text) that came back, `error` (one line) if it failed, else ""."""

    name: str = ""
    server: str = ""
    arguments: str = ""
    output: str = ""
    error: str = ""


class McpCall(Kind):
    """Kind for the use of a tool on an MCP server. Arguments and output are shown folded, since
    they may be long."""

    type = "mcp_call"

    def look(self, *items: Item, live: bool = False) -> McpCallLook:
        [item] = items
        state, left_out = state_of(item, live)
        error = _error(item)
        return McpCallLook(
            self.type,
            "failed" if error else state,
            left_out,
            name=line_in(item, "name", 100) or _("a tool"),
            server=line_in(item, "server_label", 100) or _("a server"),
            arguments=passage(json_in(item, "arguments")),
            output=passage(json_in(item, "output")),
            error=error,
        )

    def came(self, item: Item) -> str:
        return _("The model used a tool and wrote nothing.")

    def searched(self, item: Item) -> str:
        names = (text_in(item, "server_label"), text_in(item, "name"))
        said = (json_in(item, "arguments"), json_in(item, "output"), _error(item))
        return "\n".join([*names, *said])

    def exported(self, item: Item) -> str:
        look = self.look(item)
        names = {"tool": look.name, "server": look.server}
        parts = [_("Used the tool %(tool)s of %(server)s:") % names]
        parts += [fenced(json_in(item, "arguments"), "json")]
        parts += [fenced(json_in(item, "output") or _error(item))]
        return "\n\n".join(filter(None, parts))


def _error(item: Item) -> str:
    """Return the error of the call `item` in one line: its `error` if that is a text; of an object,
    as MCP servers send it, the `message`, the first text in `content` or the `type`; "" for
    none."""
    error = dict_in(item, "error")
    texts = [line_in(each, "text") for each in dicts_in(error, "content")]
    found = [line_in(item, "error"), line_in(error, "message"), *texts, line_in(error, "type")]
    return next(filter(None, found), "")
