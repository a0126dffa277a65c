"""Cleaning of items before they are stored: removes what databases refuse, pictures, and what is
longer than the limits.

Items come from gateways and from import files. What was cut is counted in the item itself, under
the key `omitted` (a name of this site's own): `{"pictures": 1, "characters": 9000, …}`, with the
names in `_NAMES`.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping

from .kind import Item
from .stored_file_references import PICTURE_CALLS

LONGEST_ITEM = 256_000  # bytes as JSON in UTF-8
LONGEST_MESSAGE = 2_000_000  # bytes of all its items
DEEPEST = 20  # levels of dicts and lists, the item itself among them
MOST_ITEMS = 500  # of one message
MOST_VALUES = 50_000  # of one item: texts, numbers, lists, dicts
LONGEST_KEY = 200  # characters
# Greater whole numbers are not read by all that reads JSON.
GREATEST = 10**30

# Lengths that texts are cut to, and numbers of entries that lists and dicts are, until an item is
# small enough.
_CUTS = (
    *((60_000, MOST_VALUES), (20_000, 2_000), (5_000, 500)),
    *((1_000, 100), (200, 20), (50, 5)),
)
# Whose text is the reply: not searched for bare base64, which may be what was asked for.
_TEXTS = frozenset({"text", "refusal", "encrypted_content", "code", "arguments"})
_PICTURE_FIELDS = frozenset({"b64_json", "imageB64", "partial_image_b64", "file_data"})
_DATA_URL = re.compile(
    r"data:[a-z]+/[a-z0-9.+-]{1,60}(?:;[a-z0-9=.-]{1,60})*;base64,[\w+/=%-]*", re.I
)
# How PNG, JPEG, GIF, WebP, PDF, SVG and XML begin in base64.
_BEGINNINGS = ("iVBORw0KGgo", "/9j/", "R0lGOD", "UklGR", "JVBERi0", "PHN2Zy", "PD94bWwg")
_LONG = 2_000  # characters: as long as a small picture
_BASE64 = re.compile(
    f"(?:{'|'.join(_BEGINNINGS)})[A-Za-z0-9+/_-]{{40,}}={{0,2}}"
    "|(?<![A-Za-z0-9+/_-])(?=[A-Za-z0-9+/_-]{0,500}[A-Z])(?=[A-Za-z0-9+/_-]{0,500}[a-z])"
    f"(?=[A-Za-z0-9+/_-]{{0,500}}[0-9])[A-Za-z0-9+/_-]{{{_LONG},}}={{0,2}}"
)
_SURROGATES = re.compile("[\ud800-\udfff]")


def clean(item: Mapping[str, object]) -> Item:
    """Return a copy of `item`, as it was parsed from JSON, that can be stored and shown.

    Texts are without NUL and lone surrogates, numbers finite and below 10**30, pictures and other
    files in base64 are taken out, nothing is deeper than DEEPEST levels, and as JSON it has at most
    LONGEST_ITEM bytes. `type` is a text, "" if there was none. Never raises. It takes time
    proportional to the size of the item, some tenths of a second for megabytes.
    """
    omitted: Counter[str] = Counter()
    before = item.get("omitted") if isinstance(item, Mapping) else None
    if isinstance(before, Mapping):
        # Cleaned before: an import of what was exported.
        omitted.update({k: n for k, n in before.items() if k in _NAMES and _is_count(n)})
    cleaned = _Cleaner(omitted).item(item)
    if _size(cleaned) > LONGEST_ITEM:
        cleaned = _shortened(cleaned, omitted)
    if omitted:
        cleaned["omitted"] = {name: min(n, GREATEST) for name, n in sorted(omitted.items())}
    return cleaned


def clean_all(items: object) -> list[Item]:
    """Return the items of one message, cleaned as by `clean`, for the list `items` (parsed JSON);
    [] if it is no list. Entries that are no dicts are left out. Beyond LONGEST_MESSAGE bytes in
    all, items keep only type, id, status and role; those beyond MOST_ITEMS are replaced by one item
    that counts them in `omitted`. Never raises."""
    given = [each for each in items if isinstance(each, Mapping)] if isinstance(items, list) else []
    room = LONGEST_MESSAGE
    cleaned: list[Item] = []
    for item in given[:MOST_ITEMS]:
        kept = clean(item)
        size = _size(kept)
        if size > room:
            kept = _stub(kept, Counter(bytes=size))
            size = _size(kept)
        room -= size
        cleaned.append(kept)
    if len(given) > MOST_ITEMS:
        rest = len(given) - MOST_ITEMS
        cleaned.append({"type": "", "omitted": {"items": rest}})
    return cleaned


# What `omitted` counts: pictures (and other files in base64), characters of texts, levels that were
# too deep, entries of lists and dicts, numbers, items of a message, bytes of a whole item.
_NAMES = frozenset({"pictures", "characters", "levels", "entries", "numbers", "items", "bytes"})


class _Cleaner:
    """Copier of JSON values that leaves out what must not be stored, and counts in `omitted` what
    it cuts."""

    def __init__(self, omitted: Counter[str], longest: int = LONGEST_ITEM, most: int = MOST_VALUES):
        """`omitted` is the Counter to add to; `longest` is the most characters of a text, `most`
        the most entries of a list or dict."""
        self.omitted = omitted
        self._longest = longest
        self._most = most
        self._values = 0
        self._type = ""

    def item(self, item: object) -> Item:
        """Return a cleaned copy of the whole `item` (parsed JSON); only `type` for what is no
        object."""
        found = item if isinstance(item, Mapping) else {}
        kind = found.get("type")
        self._type = self._text(kind[:LONGEST_KEY], "") if isinstance(kind, str) else ""
        copied = self._dict({k: v for k, v in found.items() if k not in ("type", "omitted")}, 1)
        return {"type": self._type, **copied}

    def _value(self, value: object, name: str, depth: int) -> object:
        self._values += 1
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self._text(value, name)
        if isinstance(value, int | float):
            return self._number(value)
        if not isinstance(value, Mapping | list | tuple):
            self._cut("entries", 1)
            return None
        if depth >= DEEPEST:
            self._cut("levels", 1)
            return None
        if isinstance(value, Mapping):
            return self._dict(value, depth + 1)
        kept = value[: self._room()]
        if len(kept) < len(value):
            self._cut("entries", len(value) - len(kept))
        return [self._value(each, name, depth + 1) for each in kept]

    def _dict(self, found: Mapping[object, object], depth: int) -> Item:
        room = self._room()
        if len(found) > room:
            self._cut("entries", len(found) - room)
        copied: Item = {}
        for key, value in list(found.items())[:room]:
            if not isinstance(key, str):
                continue
            name = self._text(key[:LONGEST_KEY], "")
            copied[name] = self._value(value, name, depth)
        return copied

    def _room(self) -> int:
        """Return the number of entries that may be copied of the next list or dict: `most`, or what
        is left of the item's MOST_VALUES if that is less."""
        return max(0, min(self._most, MOST_VALUES - self._values))

    def _number(self, number: int | float) -> int | float | None:
        """Return `number`; None for one that is not finite or not below GREATEST."""
        # Compared as what it is: NaN is not below anything, and a huge integer is no float.
        if -GREATEST < number < GREATEST:
            return number
        self._cut("numbers", 1)
        return None

    def _text(self, text: str, name: str) -> str:
        if not text.isascii() and _SURROGATES.search(text):
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if "\0" in text:
            text = text.replace("\0", "")
        if name in _PICTURE_FIELDS or (name == "result" and self._type in PICTURE_CALLS):
            self._cut("pictures", 1 if text else 0)
            return ""
        if len(text) > 20 and name != "encrypted_content":
            text = self._without_pictures(text, name)
        if len(text) > self._longest:
            self._cut("characters", len(text) - self._longest)
            text = text[: self._longest] + "…"
        return text

    def _without_pictures(self, text: str, name: str) -> str:
        """Return `text` with an ellipsis in place of data URLs and, unless the field `name` holds
        text that a model or a person wrote, of base64."""
        # What is searched for first takes a tenth of the time of the expressions.
        if "base64," in text or "base64," in text.lower():
            text = _DATA_URL.sub(self._picture, text)
        if name not in _TEXTS and (
            len(text) >= _LONG or any(beginning in text for beginning in _BEGINNINGS)
        ):
            text = _BASE64.sub(self._picture, text)
        return text

    def _picture(self, match: re.Match[str]) -> str:
        self._cut("pictures", 1)
        return "…"

    def _cut(self, name: str, number: int) -> None:
        """Add `number` to the count of what was cut, under `name`, one of _NAMES."""
        if number > 0:
            self.omitted[name] += number


def _shortened(item: Item, omitted: Counter[str]) -> Item:
    """Return a copy of `item` whose texts and lists are cut until it has at most LONGEST_ITEM bytes
    as JSON, or a `_stub`. What is cut is counted in the Counter `omitted`."""
    for longest, most in _CUTS:
        cut = Counter(omitted)
        shorter = _Cleaner(cut, longest, most).item(item)
        if _size(shorter) <= LONGEST_ITEM - 500:
            omitted.clear()
            omitted.update(cut)
            return shorter
    return _stub(item, omitted + Counter(bytes=_size(item)))


def _stub(item: Item, omitted: Counter[str]) -> Item:
    """Return an item with only `type`, `id`, `status` and `role` of `item`, and the counts
    `omitted`; used where `item` is too large to store."""
    names = ("type", "id", "status", "role")
    short = {k: item[k] for k in names if isinstance(item.get(k), str) and len(str(item[k])) <= 200}
    return {"type": "", **short, "omitted": dict(omitted)}


def _size(item: object) -> int:
    return len(json.dumps(item, ensure_ascii=False).encode("utf-8", "replace"))


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < GREATEST
