"""Secrets of connectors (MCP servers): filled in from the environment when a request is sent.

What is stored, shown, exported and logged has `${NAME}` in their place.
"""

from chatsite.environment import is_read_by_site, secret
from conversations.tools import mcp


class SecretMissing(Exception):
    """Error raised if an environment variable that a tool names is not set, or is a setting of this
    site, which must not be sent. The message is the variable's name."""


def has_secrets(body):
    """Return True if the request body `body` (a dict) names an environment variable in its
    tools."""
    return any(_names(tool) for tool in _connectors(body))


def fill(body):
    """Return `(body, secrets)`: the request body (a dict) with the values of environment variables
    in place of their names, and the list of these values. `body` itself is not changed. Raise
    SecretMissing for a variable that is not set or is a setting of this site."""
    values = {name: _value(name) for tool in _connectors(body) for name in _names(tool)}
    tools = [_filled(tool, values) for tool in body["tools"]]
    return {**body, "tools": tools}, list(values.values())


def unset(tools):
    """Return the sorted names of the environment variables that `tools` (Tools) name and that are
    not set."""
    named = {name for tool in tools if tool.type == mcp.TYPE for name in _names(tool.json)}
    return sorted(name for name in named if not secret(name))


def _connectors(body):
    """Return the tools (dicts) of the request body `body` that are connectors."""
    return [tool for tool in body.get("tools") or () if _is_connector(tool)]


def _is_connector(tool):
    return isinstance(tool, dict) and tool.get("type") == mcp.TYPE


def _texts(tool):
    """Return the texts of the JSON `tool` in which variables are filled in."""
    headers = tool.get("headers")
    values = [tool.get("authorization"), *(headers.values() if isinstance(headers, dict) else ())]
    return [value for value in values if isinstance(value, str)]


def _names(tool):
    """Return the names of the environment variables that the JSON `tool` names, as a list."""
    return [name for text in _texts(tool) for name in mcp.PLACEHOLDER.findall(text)]


def _value(name):
    """Return the value of the environment variable `name`. Raise SecretMissing if it is not set, or
    is a setting of this site."""
    value = "" if is_read_by_site(name) else secret(name)
    if not value:
        raise SecretMissing(name)
    return value


def _filled(tool, values):
    """Return a copy of the JSON `tool` with `values` (`{variable: value}`) in place of the names;
    a tool that is no connector is returned as it is."""
    if not (_is_connector(tool) and _names(tool)):
        return tool

    def filled(text):
        if not isinstance(text, str):
            return text
        return mcp.PLACEHOLDER.sub(lambda found: values[found[1]], text)

    filled_in = dict(tool)
    if "authorization" in tool:
        filled_in["authorization"] = filled(tool["authorization"])
    if isinstance(tool.get("headers"), dict):
        filled_in["headers"] = {name: filled(text) for name, text in tool["headers"].items()}
    return filled_in
