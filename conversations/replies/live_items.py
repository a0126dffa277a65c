"""List of the items (messages, reasoning, calls of tools) of a reply while it is written, filled by
the gateway's events or from what another process stored; it says what is still to be stored."""

import json
import time
from itertools import count

from conversations import items, upstream
from conversations.items.cleaning import LONGEST_MESSAGE
from conversations.replies import partial_items
from conversations.replies.live_item import LiveCall, LiveText, annotations_of


class LiveItems:
    """Items so far of one reply, in their order, in the list `items`: LiveTexts (messages and
    reasoning), as soon as they have text, and LiveCalls (calls of tools).

    `name`, with which ids in the HTML begin, and `account`, the id of the person, are arguments of
    the Streams that render the texts. `generation` is a number that grows when earlier HTML is
    replaced, so that watchers need all of it anew; `is_stale` is True while there is something new
    to render; `reasoning_seconds` is how long the model reasoned, None if that is not known.
    """

    def __init__(self, name, account):
        self.items = []
        self.generation = 0
        self.is_stale = False
        self.reasoning_seconds = None
        # The LiveTexts with text that came since the last `refresh` of a LiveReply.
        self._unrendered = []
        self._name = name
        self._account = account
        self._marks = count(1)
        self._reasoning_began = None
        # By the numbers of the gateway's events: the items, and the order of all that were opened.
        self._by_number = {}
        self._order = []
        # Bytes that calls of tools and annotations may still have.
        self._room = LONGEST_MESSAGE
        # Whether there is something to store; whether items changed, not only text; whether the
        # last checkpoint had items.
        self._is_unsaved = False
        self._has_new_items = False
        self._was_packed = False

    @property
    def text(self):
        """The answer's text so far, in Markdown."""
        return self._joined("message")

    @property
    def reasoning(self):
        """The model's reasoning so far, in Markdown; "" if it sent none."""
        return self._joined("reasoning")

    def _joined(self, kind):
        return partial_items.PARAGRAPH.join(item.text for item in self.items if item.type == kind)

    # --- What comes from the gateway ----------------------------------------------------------

    def take(self, event):
        """Apply `event`, an upstream.ItemEvent of the gateway, to the items. The JSON in it must
        have been cleaned (see `conversations.items.clean`)."""
        match event:
            case upstream.Text() | upstream.Reasoning():
                if event.index is not None:
                    self._add(event.index, event.text)
            case upstream.ItemOpened():
                self._open(event)
            case upstream.Replaced():
                self._replace(event.index, event.text)
            case upstream.ItemChanged():
                if isinstance(call := self._by_number.get(event.index), LiveCall):
                    call.become(self._limited({**call.item, **event.changes}, call.item))
                    self._changed(new_items=True)
            case upstream.Annotated():
                if self._room > 0:
                    self._room -= _size(event.annotation)
                    self._by_number[event.index].annotations.append(event.annotation)
                    self._changed(new_items=True)
            case upstream.ItemClosed():
                self._close(event.index, event.item)

    def call_of(self, event):
        """Return the LiveCall that brought the picture of the upstream.PictureReceived `event`, and
        count that picture as being stored; None if there is no such call."""
        call = self._by_number.get(event.index)
        if not isinstance(call, LiveCall):
            return None
        call.waiting += 1
        return call

    def keep_file(self, call, output, members):
        """Note that a picture which the LiveCall `call` brought was stored, or is lost: `output`
        and `members` are as in `LiveCall.keep`."""
        call.keep(output, members)
        self._changed(new_items=True)

    def begin_again(self):
        """Forget the numbers that events of the gateway gave to items. Call it before the events of
        a further attempt at the request, which count from 0 again."""
        self._by_number, self._order = {}, []

    def _open(self, event):
        """Add the item that the ItemOpened `event` opens; the call of a tool is shown at once, a
        text from its first characters on."""
        number, kind = event.index, event.item["type"]
        at = len(self._order) if event.before is None else self._order.index(event.before)
        self._order.insert(at, number)
        if kind in ("message", "reasoning"):
            self._by_number[number] = LiveText(kind)
        else:
            self._by_number[number] = LiveCall(self._limited(event.item))
            self._show(number)
            self._changed(new_items=True)

    def _limited(self, item, before=None):
        """Return the JSON to keep of a tool call for `item`, the JSON that came, which replaces
        `before` (None: the call is new).

        It is `item` itself or, once the calls and annotations of the reply have more than
        LONGEST_MESSAGE bytes in all, only its type, id, status and the number of bytes left out:
        each change stores all of them again.
        """
        self._room += _size(before) - _size(item)
        if self._room >= 0:
            return item
        kept = {name: item[name] for name in ("type", "id", "status") if name in item}
        stub = {**kept, "omitted": {"bytes": _size(item)}}
        self._room += _size(item) - _size(stub)
        return stub

    def _begin(self, item):
        """Begin to render `item`, a LiveText that is not in `items` yet. The first item of its type
        gets block marks without a prefix, as in a reply of plain text, which the reply may turn out
        to be; each further one gets a numbered prefix."""
        name, mark = self._name, ""
        if any(each.type == item.type for each in self.items):
            number = next(self._marks)
            mark, name = f"{number}-", name and f"{name}-{number}"
        item.begin(mark, account=self._account, name=name)

    def _show(self, number):
        """Insert the item with this `number` (the `index` of its events) into `items`, at its place
        in the gateway's order."""
        item = self._by_number[number]
        place = self._order.index(number)
        following = (self._by_number[each] for each in self._order[place + 1 :])
        shown = {id(each): at for at, each in enumerate(self.items)}
        at = next((shown[id(each)] for each in following if id(each) in shown), None)
        if at is None:
            self.items.append(item)
        else:
            self.items.insert(at, item)
            self.generation += 1
        self._has_new_items = True

    def _add(self, number, text):
        """Append `text` to the LiveText with this `number` (the `index` of its events); the next
        `refresh` renders it."""
        item = self._by_number[number]
        if item.type == "reasoning":
            if self._reasoning_began is None:
                self._reasoning_began = time.monotonic()
        elif self._reasoning_began is not None and self.reasoning_seconds is None:
            self.reasoning_seconds = time.monotonic() - self._reasoning_began
        if item.stream is None:
            self._begin(item)
            self._show(number)
        elif item is not self.items[-1]:
            # Its length is stored with the items, as it is not the last one (`partial_items`).
            self._has_new_items = True
        self._append(item, text)
        self._is_unsaved = self.is_stale = True

    def _append(self, item, text):
        """Append `text` to `item`, a LiveText, and note that it is to be rendered."""
        item.add(text)
        # In this order, since a thread may just be rendering what was noted before.
        if not self._unrendered or self._unrendered[-1] is not item:
            self._unrendered.append(item)

    def _replace(self, number, text):
        """Replace all text of the LiveText with this `number` (the `index` of its events) by
        `text`; watchers then get the whole article anew."""
        item = self._by_number[number]
        if item.stream is not None:
            self.items.remove(item)
            item.clear()
        if text:
            self._add(number, text)
        self.generation += 1
        self._changed(new_items=True)

    def _close(self, number, item):
        """Mark the item with this `number` (the `index` of its events) as complete; `item` is its
        final JSON (dict)."""
        found = self._by_number[number]
        if isinstance(found, LiveCall):
            found.become(self._limited(item, found.item), is_closed=True)
            self._changed(new_items=True)
            return
        found.closed = item
        if found.type == "message" and (annotations := annotations_of(item)):
            found.annotations = annotations
            self._changed(new_items=True)

    # --- What comes from the database ---------------------------------------------------------

    def become(self, text, reasoning, packed):
        """Update the items to what another process, which writes the reply, stored last.

        `text` and `reasoning` are the whole texts of answer and reasoning; `packed` is what
        `partial_items.packed` made of the items, None for a reply of plain text.
        """
        stored = partial_items.unpacked(text, reasoning, packed)
        if not self._continues_with(stored):
            self.items = []
            self.generation += 1
        for at, (kind, value) in enumerate(stored):
            if at == len(self.items):
                item = LiveText(kind) if isinstance(value, str) else LiveCall(**value)
                if isinstance(item, LiveText):
                    self._begin(item)
                self.items.append(item)
                self.is_stale = True
            item = self.items[at]
            if isinstance(item, LiveCall):
                if item.become(**value):
                    self.is_stale = True
            elif len(value) > item.size:
                self._append(item, value[item.size :])
                self.is_stale = True

    def _continues_with(self, stored):
        """Return True if `stored`, a list of `(type, value)` as `partial_items.unpacked` returns
        it, continues the present items, so that they can be updated in place: it begins with the
        same types in the same order, and each text with the present one. False if they have to be
        made anew."""
        if len(stored) < len(self.items):
            return False
        return all(
            item.type == kind and (isinstance(value, dict) or value.startswith(item.text))
            for item, (kind, value) in zip(self.items, stored, strict=False)
        )

    # --- What goes to the database ------------------------------------------------------------

    def take_unsaved(self, response_id, first_token_at):
        """Return the texts and items to store in the database now, as an Unsaved; None if nothing
        changed since the last call. It has the id (UUID) and `first_token_at` of the Response."""
        if not self._is_unsaved:
            return None
        packed = None
        if self._has_new_items:
            packed = partial_items.packed(self.items, always=self._was_packed)
            self._was_packed = packed is not None
        self._is_unsaved = self._has_new_items = False
        return partial_items.Unsaved(response_id, self.text, self.reasoning, first_token_at, packed)

    def save_again(self):
        """Make the next `take_unsaved` return everything once more; call it if storing failed."""
        self._is_unsaved = self._has_new_items = True

    def _changed(self, *, new_items=False):
        """Mark the reply as changed, to be stored and rendered; `new_items` is True if more than
        text changed."""
        self._is_unsaved = True
        self.is_stale = True
        self._has_new_items = self._has_new_items or new_items

    def is_plain(self):
        """Return True if the reply is plain text, perhaps after reasoning, so that `text` and
        `reasoning` are all there is to store, and no items."""
        return items.is_plain(self._in_words_of_api())

    def stored_items(self):
        """Return the items to store with the message if it is not plain text: a list of dicts of
        the Responses API, cleaned. Blocks for tenths of a second if they are long."""
        return items.clean_all(self._in_words_of_api())

    def _in_words_of_api(self):
        return [item.as_item() for item in self.items]


def _size(item):
    """Return the bytes of an item as JSON; 0 for None."""
    return 0 if item is None else len(json.dumps(item))
