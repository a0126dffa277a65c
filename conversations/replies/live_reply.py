"""Live reply: the items so far, in memory, of a reply that this process writes or shows.

If another process writes it, its text so far is read from the database; watchers see no difference.
Nothing is queued for a watcher: each remembers which version it saw last and takes what changed
since, so that one that stops reading holds up nothing and costs nothing.
"""

from conversations import items
from conversations.replies.live_item import NOTHING, LiveCall, LiveText
from conversations.replies.live_items import LiveItems

# Above this a parse takes long enough to hold up other streams: it goes to a thread.
INLINE = 8_000  # characters


class LiveReply(LiveItems):
    """Items so far of one unfinished reply, with their text and HTML, and its watchers.

    `response` is its Response, with message and conversation loaded. `body` is the JSON body (dict)
    that is sent to the gateway; None where another process writes the reply, or where it could not
    be built. `offered` are the LanguageModels that the person may choose from, None if not known;
    `input_size` is the bytes of `body` when it is sent.
    """

    def __init__(self, response, body=None, offered=None, input_size=0):
        super().__init__(str(response.message_id or ""), response.person_id)
        self.response = response
        self.body = body
        self.offered = offered
        self.input_size = input_size
        self.version = 0
        # Set once: by whoever ends it early the status to end with, else "ended".
        self.ending = ""
        self.asking = False
        # Set when the database has the final state.
        self.ended = False
        # Whether `response` and its message are as the database has them then.
        self.is_finished = False
        self.task = None
        self.watchers = set()
        # Tasks that store pictures which came with it.
        self.storing = set()
        self._pictures = 0
        self.first_token_at = None
        # A refresh that is under way in a thread, and a task that highlights code.
        self.refreshing = None
        self.highlighting = None

    def count_picture(self):
        """Count one more picture that came with the reply; return its number, from 1."""
        self._pictures += 1
        return self._pictures

    @property
    def has_items(self):
        """True once the reply has ended, if its message has items (JSON), which may name files."""
        return self.is_finished and self.response.message.items is not None

    @property
    def id(self):
        """The id (UUID) of the Response."""
        return self.response.pk

    def unsaved(self):
        """Return the texts and items to store in the database now, as an Unsaved (see
        `partial_items`); None if nothing changed since the last call."""
        return self.take_unsaved(self.id, self.first_token_at)

    def stored(self, found):
        """Return the columns of the reply's Message to store at its end, `{column: value}`: texts,
        their HTML and items. `found` is the list that `stored_items` returned; None for a reply of
        plain text."""
        is_marked = found is not None
        return {
            "text": self.text,
            "html": self.html("message", marked=is_marked),
            "reasoning": self.reasoning,
            "reasoning_html": self.html("reasoning", marked=is_marked),
            "items": found,
        }

    def projections(self, found):
        """Return `{column: value}` of the reply's Message to store, as `stored` does, but with
        texts and HTML made anew from `found`, the list that `stored_items` returned. Blocks the
        thread while it renders them."""
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
        return sum(item.unparsed for item in self._unrendered if item.stream) > INLINE

    def waits_for_long_end(self):
        """Return True if so much text is to be parsed that `complete` should run in a thread: new
        text, and blocks with references (links, footnotes) that may be parsed again at the end."""
        unsettled = sum(item.stream.unsettled for item in self._texts() if item.stream)
        return unsettled > INLINE or self.waits_for_long_parse()

    def _texts(self):
        return [item for item in self.items if isinstance(item, LiveText)]

    def refresh(self):
        """Render the text that came since the last call, so that the HTML is up to date.

        May run in a thread; call `refreshed` on the event loop afterwards.
        """
        self.is_stale = False
        unrendered, self._unrendered = self._unrendered, []
        for item in unrendered:
            # One whose text was replaced meanwhile has no Stream any more, or a new one.
            if item.stream is not None:
                item.refresh()
        self._notice_late_blocks()

    def _notice_late_blocks(self):
        """Increase `generation`, so that watchers get the whole article anew, if a message that is
        not the last item has got more blocks: browsers append a new block at the end."""
        for item in self.items[:-1]:
            if item.type != "message":
                continue
            if item.overtaken_at is not None and item.blocks > item.overtaken_at:
                self.generation += 1
            item.overtaken_at = item.blocks

    def refreshed(self):
        """Increase `version`, since the HTML has changed, and wake the watchers."""
        self.version += 1
        self.wake()

    def wake(self):
        """Wake all Watchers of the reply, so that their event streams look for changes."""
        for watcher in self.watchers:
            watcher.wake()

    def complete(self):
        """Render the final HTML, once all text has come. Code that is not highlighted yet gets its
        colours later (`live_highlighting`)."""
        self.refresh()
        for item in self._texts():
            item.refresh()
            item.stream.complete()

    def unhighlighted(self):
        """Return `(stream, box)` for the next code block that lacks syntax highlighting: the Stream
        that renders it, and the Box that holds its code. None if there is none."""
        for item in self.items:
            if item.stream is not None and (box := item.stream.unhighlighted):
                return item.stream, box
        return None

    def html(self, kind, *, marked=False):
        """Return the HTML so far of all items of the type `kind` ("message" or "reasoning") as one
        string. If `marked`, a comment before each item's HTML has its index, as
        `conversations.items.join_segments` writes it."""
        found = {at: item.html for at, item in enumerate(self.items) if item.type == kind}
        return items.join_segments(found) if marked else "".join(found.values())

    def finished(self, ending, stored):
        """Copy the values that were stored in the database when the reply ended to the objects in
        memory, `response` and its message, so that the finished reply is rendered without a query.

        `ending` is `{column: value}` of the Response, `stored` of its Message.
        """
        for name, value in ending.items():
            setattr(self.response, name, value)
        for name, value in stored.items():
            setattr(self.response.message, name, value)
        self.is_finished = True

    def changes_since(self, seen):
        """Return `(changes, now)`: a list of what changed since `seen`, and the value to pass next
        time. `seen` is what `seen()` or the last call returned.

        A change is `(number, item, block)`: the index of the LiveText or LiveCall, itself, and the
        HTML of one block of it that changed; `block` is None if the whole item is to be sent:
        reasoning that is new, or the call of a tool.
        """
        now, changes = [], []
        for number, item in enumerate(self.items):
            is_new = number >= len(seen)
            before, mark = NOTHING if is_new else seen[number], item.seen()
            now.append(mark)
            if mark == before:
                continue
            if item.type == "reasoning" and before == NOTHING:
                # There was nothing to see of it but white space.
                is_new = True
            if item.type == "message" or not (is_new or isinstance(item, LiveCall)):
                blocks = item.changes_since(before)
                changes += [(number, item, block) for block in blocks]
            else:
                changes.append((number, item, None))
        return changes, now

    def seen(self):
        """Return a list that describes the HTML of all items as they are now, for a later call of
        `changes_since`."""
        return [item.seen() for item in self.items]
