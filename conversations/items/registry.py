"""Registry of the kinds of items: each module of `conversations.items.kinds` has one."""

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module

from . import kinds
from .kind import Kind

UNKNOWN = "unknown"


@cache
def all_kinds() -> Mapping[str, Kind]:
    """Return `{type: Kind}` of all kinds: of each subclass of Kind that a module of `kinds`
    defines, an instance. Imports the modules at the first call."""
    found: dict[str, Kind] = {}
    for module in pkgutil.iter_modules(kinds.__path__):
        name = f"{kinds.__name__}.{module.name}"
        for each in vars(import_module(name)).values():
            if isinstance(each, type) and issubclass(each, Kind) and each.__module__ == name:
                found[each.type] = each()
    return found


@cache
def _by_type() -> Mapping[str, Kind]:
    """Return `{type: Kind}` of all kinds under all their names."""
    kinds = all_kinds()
    return {**{name: kind for kind in kinds.values() for name in kind.aliases}, **kinds}


def kind_of(item: Mapping[str, object]) -> Kind:
    """Return the Kind of an item or content part; that of the type "unknown" where this site does
    not know its type."""
    known, found = _by_type(), item.get("type")
    return known.get(found) or known[UNKNOWN] if isinstance(found, str) else known[UNKNOWN]
