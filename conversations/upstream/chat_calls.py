"""Calls of functions in a chat completion, as items of the Responses API."""

from .output_item import OutputItem, Place
from .output_items import OutputItems

# Most calls of one completion that are read; others are ignored.
MOST_CALLS = 64


class ChatCalls:
    """Reader of the calls of functions in one chat completion, each of which it adds to the items
    of the response, fills with the deltas (pieces) of its arguments, and closes at the end."""

    def __init__(self, items: OutputItems) -> None:
        """`items` are the OutputItems of the response, to which calls are added."""
        self._items = items
        self._calls: dict[int, tuple[OutputItem, dict, list[str]]] = {}

    def take(self, message: dict) -> bool:
        """Add the calls of functions in `message`, the JSON of a delta or of a whole message, or
        the next pieces of their arguments, to the items; return True if it has any."""
        calls = message.get("tool_calls")
        if not isinstance(calls, list) or not calls:
            calls = [{"function": message["function_call"]}] if message.get("function_call") else []
        for at, call in enumerate(calls[:MOST_CALLS]):
            if isinstance(call, dict):
                index = call.get("index")
                self._take(index if isinstance(index, int) else at, call)
        return bool(calls)

    def _take(self, index: int, call: dict) -> None:
        function = call.get("function")
        function = function if isinstance(function, dict) else {}
        if index not in self._calls:
            if len(self._calls) >= MOST_CALLS:
                return
            item = {
                "type": "function_call",
                "call_id": call.get("id"),
                "name": function.get("name"),
            }
            opened = self._items.open_tool(item, Place(None, f"call {index}"))
            if opened is None:
                return
            self._calls[index] = (opened, item, [])
        opened, _item, pieces = self._calls[index]
        arguments = function.get("arguments")
        if isinstance(arguments, str) and arguments and "".join(pieces) != arguments:
            pieces.append(arguments)
            opened.stream("arguments", arguments)

    def close(self) -> None:
        """Close the items of all calls, each with its whole arguments; no more will come."""
        for opened, item, pieces in self._calls.values():
            opened.close({**item, "arguments": "".join(pieces), "status": "completed"})
