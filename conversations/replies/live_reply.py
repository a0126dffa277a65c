"""A live reply: the items so far, in memory, of a reply that somebody writes or watches.

This process writes it, or reads it from the database where another process writes it; watchers see
no difference. Nothing is queued for a watcher: each remembers which version it saw last and takes
what changed since, so that one that stops reading holds up nothing and costs nothing.
"""

import json
import time
from itertools import count

from conversations import items, upstream
from conversations.items.cleaning import LONGEST_MESSAGE
from conversations.replies import partial_items
from conversations.replies.live_item import NOTHING, LiveCall, LiveText, annotations_of

# Above this a parse takes long enough to hold up other streams: it goes to a thread.
INLINE = 8_000  # characters
PARAGRAPH = "\n\n"


class LiveReply:
    """Items so far of one unfinished reply, with their text and HTML, and its watchers.

    `response` is its Response, with message and conversation loaded. `body` is the JSON body (dict)
    that is sent to the gateway; None where another process writes the reply, or where it could not
    be built. `offered` are the LanguageModels that the person may choose from, None if not known.
    """

    def __init__(self, response, body=None, offered=None):
        self.response = response
        self.body = body
        self.offered = offered
        # LiveTexts, those with text, and LiveCalls, in their order.
        self.items = []
        self.version = 0
        # Grows where what was shown so far was replaced.
        self.generation = 0
        # Set once: by whoever ends it early the status to end with, else "ended".
        self.ending = ""
        self.asking = False
        # Set when the database has the final state.
        self.ended = False
        # Whether `response` and its message are as the database has them then.
        self.is_finished = False
        self.task = None
        self.watchers = set()
        self.first_token_at = None
        self._reasoning_began = None
        self.reasoning_seconds = None
        # A refresh that is under way in a thread, and a task that highlights code.
        self.refreshing = None
        self.colouring = None
        # Whether there is something that `refresh` has not shown yet.
        self.is_stale = False
        self._dirty = False
        # Whether what is to be stored besides text has changed.
        self._has_new_items = False
        # By the numbers of the gateway's events: the items, and the order of all that were opened.
        self._by_number = {}
        self._order = []
        self._marks = count(1)
        # Bytes that calls of tools and annotations may still have.
        self._room = LONGEST_MESSAGE

    @property
    def id(self):
        """The id (UUID) of the Response."""
        return self.response.pk

    @property
    def text(self):
        """The answer's text so far, in Markdown."""
        return self._joined("message")

    @property
    def reasoning(self):
        """The model's reasoning so far, in Markdown; "" if it sent none."""
        return self._joined("reasoning")

    def _joined(self, kind):
        return PARAGRAPH.join(item.text for item in self.items if item.type == kind)

    # --- What comes from the gateway ----------------------------------------------------------

    def take(self, event):
        """Take in `event`, one of an item, with JSON that is clean (see conversations.items)."""
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

    def begin_again(self):
        """Forget which items the gateway's events number: the request is sent once more."""
        self._by_number, self._order = {}, []

    def _open(self, event):
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
        """Return `item`, the JSON of the call of a tool, in place of `before`; no more than its
        type and state once all of them together are too long to be stored every moment."""
        self._room += _size(before) - _size(item)
        if self._room >= 0:
            return item
        kept = {name: item[name] for name in ("type", "id", "status") if name in item}
        stub = {**kept, "omitted": {"bytes": _size(item)}}
        self._room += _size(item) - _size(stub)
        return stub

    def _begin(self, item):
        """Begin to render `item`, a LiveText. The blocks of the first of a type are marked as in a
        plain reply: whether the reply will be one, nobody knows yet."""
        name = str(self.response.message_id or "")
        mark = ""
        if any(each.type == item.type for each in self.items):
            number = next(self._marks)
            mark, name = f"{number}-", name and f"{name}-{number}"
        item.begin(mark, account=self.response.person_id, name=name)

    def _show(self, number):
        """Put the item `number` where it belongs among those that are shown."""
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
        """Append `text` to the item `number`; its HTML follows with the next `refresh`."""
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
            # What is stored of it says how long it is.
            self._has_new_items = True
        item.add(text)
        self._dirty = self.is_stale = True

    def _replace(self, number, text):
        """Replace the text of an item; watchers get a new article."""
        item = self._by_number[number]
        if item.stream is not None:
            self.items.remove(item)
            item.clear()
        if text:
            self._add(number, text)
        self.generation += 1
        self._changed(new_items=True)

    def _close(self, number, item):
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
        """Become what another process stored so far: the texts of answer and reasoning, and what
        `partial_items` made of the items."""
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
                item.add(value[item.size :])
                self.is_stale = True

    def _continues_with(self, stored):
        """Return True if `stored` only adds to the items, or changes calls of tools."""
        if len(stored) < len(self.items):
            return False
        return all(
            item.type == kind and (isinstance(value, dict) or value.startswith(item.text))
            for item, (kind, value) in zip(self.items, stored, strict=False)
        )

    # --- What goes to the database ------------------------------------------------------------

    def take_unsaved(self):
        """Return the Unsaved to store in the database; None if nothing changed since the last
        call."""
        if not self._dirty:
            return None
        self._dirty = False
        packed = partial_items.packed(self.items) if self._has_new_items else None
        self._has_new_items = False
        return partial_items.Unsaved(
            self.id, self.text, self.reasoning, self.first_token_at, packed
        )

    def save_again(self):
        """Make the next `take_unsaved` return everything once more: storing it has failed."""
        self._dirty = self._has_new_items = True

    def _changed(self, *, new_items=False):
        self._dirty = True
        self.is_stale = True
        self._has_new_items = self._has_new_items or new_items

    def stored_items(self):
        """Return the items to store with the message: a list in the words of the API, None for a
        plain reply, which its texts say all of."""
        found = [item.as_item() for item in self.items]
        return None if items.is_plain(found) else items.clean_all(found)

    def stored(self, found):
        """Return what is stored with the message, `{column: value}`; `found` is what `stored_items`
        returned."""
        is_marked = found is not None
        return {
            "text": self.text,
            "html": self.html("message", marked=is_marked),
            "reasoning": self.reasoning,
            "reasoning_html": self.html("reasoning", marked=is_marked),
            "items": found,
        }

    def projections(self, found):
        """Return what `stored` does, with texts and HTML made anew from the items `found`; blocks
        the thread while it renders them."""
        made = items.projections(
            found, str(self.response.message_id or ""), self.response.person_id
        )
        return {
            "text": made.text,
            "html": made.html,
            "reasoning": made.reasoning,
            "reasoning_html": made.reasoning_html,
            "items": found,
        }

    # --- HTML ---------------------------------------------------------------------------------

    def waits_for_long_parse(self):
        """Return True if so much text is to be parsed that `refresh` should run in a thread."""
        return sum(item.unparsed for item in self._texts()) > INLINE

    def _texts(self):
        return [item for item in self.items if isinstance(item, LiveText)]

    def refresh(self):
        """Render the text that came since the last call, so that the HTML is up to date.

        May run in a thread; call `refreshed` on the event loop afterwards.
        """
        self.is_stale = False
        for item in self._texts():
            item.refresh()
        self._notice_late_blocks()

    def _notice_late_blocks(self):
        """Have watchers get a new article where a message grew behind which others are shown:
        blocks that are new are appended at the end."""
        for item in self.items[:-1]:
            if item.type != "message":
                continue
            if item.overtaken_at is not None and item.blocks > item.overtaken_at:
                self.generation += 1
            item.overtaken_at = item.blocks

    def refreshed(self):
        """Note that the HTML has changed, and wake the watchers."""
        self.version += 1
        self.wake()

    def wake(self):
        """Wake all watchers, so that they look for changes."""
        for watcher in self.watchers:
            watcher.wake()

    def complete(self):
        """Render the final text, once all of it has come, maybe without syntax highlighting."""
        self.refresh()
        for item in self._texts():
            item.stream.complete()

    def uncoloured(self):
        """Return `(stream, box)`: the next code block (rendering's Box) that lacks syntax
        highlighting, and the Stream that it is in; None if there is none."""
        for item in self._texts():
            if box := item.stream.uncoloured:
                return item.stream, box
        return None

    def html(self, kind, *, marked=False):
        """Return the HTML so far of all items of the type `kind` ("message" or "reasoning"); if
        `marked`, with the marks of `conversations.items.join_segments`."""
        found = {at: item.html for at, item in enumerate(self.items) if item.type == kind}
        return items.join_segments(found) if marked else "".join(found.values())

    def finished(self, ending, stored):
        """Set on the Response and its Message in memory what was stored when the reply ended.

        `ending` maps columns of the Response to their values, `stored` those of the message. With
        them the finished article is rendered without a query.
        """
        for name, value in ending.items():
            setattr(self.response, name, value)
        for name, value in stored.items():
            setattr(self.response.message, name, value)
        self.is_finished = True

    def changes_since(self, seen):
        """Return `(changes, seen)`: what changed since the mark `seen`, and a new mark.

        The first mark comes from `seen()`. A change is `(number, item, block)`: the number of the
        item, the item, and the HTML of one block that changed; None for `block` stands for the
        whole item: reasoning that is new, or the call of a tool.
        """
        now = self.seen()
        changes = []
        for number, item in enumerate(self.items[: len(now)]):
            is_new = number >= len(seen)
            if now[number] == (NOTHING if is_new else seen[number]):
                continue
            if item.type == "reasoning" and not is_new and seen[number] == NOTHING:
                # There was nothing to see of it but white space.
                is_new = True
            if item.type == "message" or not (is_new or isinstance(item, LiveCall)):
                blocks = item.changes_since(NOTHING if is_new else seen[number])
                changes += [(number, item, block) for block in blocks]
            else:
                changes.append((number, item, None))
        return changes, now

    def seen(self):
        """Return a mark of all items as they are now, for a later `changes_since`."""
        return tuple(item.seen() for item in self.items)


def _size(item):
    """Return the bytes of an item as JSON; 0 for None."""
    return 0 if item is None else len(json.dumps(item))
