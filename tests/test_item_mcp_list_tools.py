"""The item `mcp_list_tools`: what an MCP server offers."""

from conversations.items import kind_of
from tests.support.item_samples import SAMPLES, shown

TOOLS = SAMPLES["mcp_list_tools"]


def test_the_tools_are_folded():
    words = shown(TOOLS)
    assert words.startswith("calendar offers 2 tools")
    assert "list_events : Lists the events of a day" in words
    assert shown({**TOOLS, "tools": TOOLS["tools"][:1]}).startswith("calendar offers 1 tool ")


def test_an_error_is_said():
    words = shown({**TOOLS, "tools": [], "error": "401 Unauthorized"})
    assert "It failed." in words and "401 Unauthorized" in words


def test_while_it_comes_it_is_one_line():
    going = {**TOOLS, "status": "in_progress", "tools": []}
    assert shown(going, live=True) == "Asking calendar what it offers…"


def test_it_is_neither_sent_nor_exported():
    assert kind_of(TOOLS).next_input(TOOLS) == []
    assert kind_of(TOOLS).exported(TOOLS) == ""
