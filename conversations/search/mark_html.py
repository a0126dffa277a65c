"""Highlighting of search matches in the HTML of a message, which a search result links to. Pure.

The HTML must come from `conversations.rendering`: well-formed, with `<` escaped in its text.
"""

import html
import re
from bisect import bisect_right
from operator import itemgetter

from conversations.search.highlight import find
from conversations.search.terms import prepare

# A tag, or the marker before the HTML of an item (conversations/items/segments.py).
_TAG = re.compile(
    r"""<!--item [0-9]{1,6}-->|<(/?)([a-zA-Z][\w-]*+)(?:[^<>"']++|"[^"]*+"|'[^']*+')*+>"""
)
# Tags that do not end a word or a phrase; all others do.
_INLINE = {"a", "em", "strong", "code", "span", "del", "b", "i", "u", "s", "mark", "bdi"}
# Elements in which nothing is searched: their content is no text, or must not contain <mark>.
_CLOSED = {"math", "svg", "button", "template", "title", "select", "textarea"}


def mark_html(source, phrases):
    """Return `source`, the HTML of one message, with `<mark>` around each match of `phrases`
    (query.Phrase objects) in its text.

    Returned unchanged if one of the phrases has no match: a search finds messages with all of them.
    """
    pieces = list(_pieces(source))
    text = "".join(shown for _markup, shown in pieces)
    if not all(find(text, [phrase]) for phrase in phrases):
        return source
    spans = find(text, phrases)
    marked, at = [], 0
    for markup, shown in pieces:
        if markup is not None:
            marked.append(markup)
        else:
            marked.append(_marked(shown, at, spans))
        at += len(shown)
    return "".join(marked)


def _pieces(source):
    """Yield HTML in pieces: `(tag, text)` for each tag, where the text is a newline if the tag
    separates words, else ""; `(None, unescaped text)` for text, `(source, "")` where no match may
    be marked, as in a formula."""
    at, closed = 0, 0
    for tag in _TAG.finditer(source):
        if at < tag.start():
            yield _piece(source[at : tag.start()], closed)
        ends, name = tag[1], (tag[2] or "").lower()
        if name in _CLOSED:
            closed = max(0, closed + (-1 if ends else 1))
        yield tag[0], "" if name in _INLINE else "\n"
        at = tag.end()
    if at < len(source):
        yield _piece(source[at:], closed)


def _piece(escaped, closed):
    """Return one piece of text for `_pieces`: `escaped` is its HTML, `closed` is greater than 0
    within an element in which no match may be marked."""
    if closed:
        return escaped, ""
    text = html.unescape(escaped)
    prepared = prepare(text)
    # `prepare` may change the length; the matches are offsets in the prepared text.
    return None, text if len(prepared) == len(text) else prepared


def _marked(text, at, spans):
    """Return `text` as HTML, escaped, with `<mark>` around what `spans` cover of it. `spans` are
    offsets in the whole message's text, in which `text` begins at the offset `at`."""
    parts, done = [], 0
    # Found by bisection, since a message of many links has many texts and many matches.
    first = bisect_right(spans, at, key=itemgetter(1))
    for number in range(first, len(spans)):
        start, end = spans[number]
        if start >= at + len(text):
            break
        start, end = max(start - at, done), min(end - at, len(text))
        if start < end:
            parts += [html.escape(text[done:start], quote=False), "<mark>"]
            parts += [html.escape(text[start:end], quote=False), "</mark>"]
            done = end
    parts.append(html.escape(text[done:], quote=False))
    return "".join(parts)
