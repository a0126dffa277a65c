"""Registry of the subclasses of Kind, by the type of the items that each handles; there is one in
each module of `conversations.items.kinds`."""

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module

from . import kinds
from .kind import Kind

UNKNOWN = "unknown"


@cache
def all_kinds() -> Mapping[str, Kind]:
    """Return `{item type: Kind}`, with an instance of each subclass of Kind that a module of
    `kinds` defines. Imports these modules at the first call."""
    found: dict[str, Kind] = {}
    for module in pkgutil.iter_modules(kinds.__path__):
        name = f"{kinds.__name__}.{module.name}"
        for each in vars(import_module(name)).values():
            if isinstance(each, type) and issubclass(each, Kind) and each.__module__ == name:
                found[each.type] = each()
    return found


@cache
def _by_type() -> Mapping[str, Kind]:
    """Return `{item type: Kind}` with an instance of each Kind, under its own type and its
    aliases."""
    kinds = all_kinds()
    return {**{name: kind for kind in kinds.values() for name in kind.aliases}, **kinds}


def kind_of(item: Mapping[str, object]) -> Kind:
    """Return the Kind that handles `item`, an item or a content part, by its `type`; the Kind
    "unknown" if there is none for that type."""
    known, found = _by_type(), item.get("type")
    return known.get(found) or known[UNKNOWN] if isinstance(found, str) else known[UNKNOWN]
