"""The item `web_search_call`: a search in the web, or the reading of a page that was found."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from ..fields import MOST_SHOWN, dict_in, dicts_in, line_in, lines_in
from ..kind import Item, Kind, Look, state_of
from ..source import Source, page

# OpenRouter's reading of a page: an item of its own, with the address beside the type.
_FETCH = "openrouter:web_fetch"


@dataclass(frozen=True, slots=True)
class WebSearchLook(Look):
    """Look of searches in the web: `queries` are the texts searched for, `searches` the number of
    searches (one may have several queries, or none that is known), `pages` the Sources that were
    opened, `failed` the number of searches and pages that failed."""

    queries: tuple[str, ...] = ()
    searches: int = 0
    pages: tuple[Source, ...] = ()
    failed: int = 0


class WebSearchCall(Kind):
    """Kind for searches in the web and pages read; adjacent ones share one line, such as "Searched
    3 times, read 5 pages"."""

    type = "web_search_call"
    aliases = ("openrouter:web_search", _FETCH)
    joins = True

    def searched(self, item: Item) -> str:
        return "\n".join(_queries(item))

    def sources(self, item: Item) -> list[Source]:
        action = _action(item)
        found = [page(each, is_cited=False) for each in dicts_in(action, "sources")]
        return [each for each in (*found, *_pages([item])) if each]

    def look(self, *items: Item, live: bool = False) -> WebSearchLook:
        queries = [query for item in items for query in _queries(item)]
        pages = {each.url: each for each in _pages(items)}
        state, _left_out = state_of(items[-1], live)
        failed = sum(state_of(item, live)[0] == "failed" for item in items)
        if failed and state != "live":
            state = "failed" if failed == len(items) else "done"
        return WebSearchLook(
            self.type,
            state,
            sum(state_of(item, live)[1] for item in items),
            queries=tuple(dict.fromkeys(queries))[:MOST_SHOWN],
            searches=sum(_is_search(item) for item in items),
            pages=tuple(pages.values())[:MOST_SHOWN],
            failed=failed,
        )

    def came(self, item: Item) -> str:
        return _("The model searched the web and wrote nothing.")

    def exported(self, item: Item) -> str:
        queries = _queries(item)
        if queries:
            return _("Searched the web: %(query)s") % {"query": "; ".join(queries)}
        read = [_("Read a page: %(address)s") % {"address": each.url} for each in _pages([item])]
        return "\n\n".join(read)


def _queries(item: Item) -> list[str]:
    """Return a list of the texts that the search `item` looked for: its `queries`, else `query`."""
    action = _action(item)
    one = line_in(action, "query")
    return lines_in(action, "queries") or ([one] if one else [])


def _is_search(item: Item) -> bool:
    """Return True if `item` is a search, False if it is the reading of a page. Without an `action`,
    which gateways that only search may leave out, it is a search."""
    return _action(item).get("type", "search") == "search"


def _action(item: Item) -> Item:
    """Return the `action` of `item`, a dict; {} if it has none. An item of OpenRouter's for the
    reading of a page counts as an action `open_page`."""
    if item.get("type") == _FETCH:
        return {**item, "type": "open_page"}
    return dict_in(item, "action")


def _pages(items: Iterable[Item]) -> list[Source]:
    """Return a list of Sources, the web pages that `items` opened or searched within; items that
    are searches of the web are skipped."""
    actions = (_action(item) for item in items if not _is_search(item))
    return [each for action in actions if (each := page(action, is_cited=False))]
