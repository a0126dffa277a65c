"""Functions that read one field of an item (a dict), which may be missing or of any type."""

import json
import re
from collections.abc import Mapping

# Of one field of an item, on a page: all fifty messages of it may have many items.
LONGEST_SHOWN = 10_000  # characters
MOST_SHOWN = 100  # entries of a list


def text_in(item: Mapping[str, object], name: str) -> str:
    """Return the text `item[name]`; "" if it is missing or no text."""
    value = item.get(name)
    return value if isinstance(value, str) else ""


def passage(text: str) -> str:
    """Return `text`, cut to LONGEST_SHOWN characters, for a page. The whole of it is in exported
    JSON."""
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}\n…"


def passage_in(item: Mapping[str, object], name: str) -> str:
    """Return the text `item[name]`, cut as by `passage`; "" if it is missing or no text."""
    return passage(text_in(item, name))


def json_in(item: Mapping[str, object], name: str) -> str:
    """Return `item[name]`, such as the arguments of a call, as JSON text: a text as it is, since
    the API sends JSON as text; any other value, as some gateways send it, serialised. "" if it is
    missing or null."""
    value = item.get(name)
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False)


def line_in(item: Mapping[str, object], name: str, longest: int = 300) -> str:
    """Return the text `item[name]` in one line of at most `longest` characters, for a name, a title
    or a query; "" if it is missing or no text."""
    line = " ".join(text_in(item, name)[: 4 * longest].split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def file_in(item: Mapping[str, object]) -> str:
    """Return the id of a file of this site, `item["file"]`, a UUID as text; "" if it is missing or
    anything else."""
    found = text_in(item, "file")
    return found if _UUID.fullmatch(found) else ""


_UUID = re.compile("[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


def dicts_in(item: Mapping[str, object], name: str) -> list[dict[str, object]]:
    """Return the dicts in the list `item[name]`; [] if there is no such list."""
    value = item.get(name)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def dict_in(item: Mapping[str, object], name: str) -> dict[str, object]:
    """Return the dict `item[name]`; {} if it is missing or no dict."""
    value = item.get(name)
    return value if isinstance(value, dict) else {}


def lines_in(item: Mapping[str, object], name: str, longest: int = 300) -> list[str]:
    """Return the texts in the list `item[name]` that are not blank, each in one line of at most
    `longest` characters; [] if there is no such list."""
    value = item.get(name)
    found = [line_in({"": each}, "", longest) for each in value] if isinstance(value, list) else []
    return [each for each in found if each]
