"""A live reply: the text and HTML so far, in memory, of a reply that somebody writes or watches.

This process writes it, or reads it from the database where another process writes it; watchers see
no difference. Nothing is queued for a watcher: each remembers which version it saw last and takes
what changed since, so that one that stops reading holds up nothing and costs nothing.
"""

import time

from conversations.rendering import THOUGHTS, Stream

# Above this a parse takes long enough to hold up other streams: it goes to a thread.
INLINE = 8_000  # characters


class LiveReply:
    """Text, reasoning and HTML so far of one unfinished reply, and its watchers.

    `response` is its Response, with message and conversation loaded. `body` is the JSON body (dict)
    that is sent to the gateway; None where another process writes the reply, or where it could not
    be built. `offered` are the LanguageModels that the person may choose from, None if not known.
    """

    def __init__(self, response, body=None, offered=None):
        self.response = response
        self.body = body
        self.offered = offered
        self.text_length = 0
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
        self._texts = []
        self._reasonings = []
        self._waiting = []
        self._waiting_thoughts = []
        self._dirty = False
        limits = {"account": response.person_id, "name": str(response.message_id or "")}
        self._renderer = Stream(**limits)
        self._thoughts = Stream(THOUGHTS, **limits)

    @property
    def id(self):
        """The id (UUID) of the Response."""
        return self.response.pk

    @property
    def text(self):
        """The answer's text so far, in Markdown."""
        if len(self._texts) > 1:
            self._texts = ["".join(self._texts)]
        return self._texts[0] if self._texts else ""

    @property
    def reasoning(self):
        """The model's reasoning so far, in Markdown; "" if it sent none."""
        if len(self._reasonings) > 1:
            self._reasonings = ["".join(self._reasonings)]
        return self._reasonings[0] if self._reasonings else ""

    def add_text(self, text):
        """Append `text` to the answer; its HTML follows with the next `refresh`."""
        if self._reasoning_began is not None and self.reasoning_seconds is None:
            self.reasoning_seconds = time.monotonic() - self._reasoning_began
        self._texts.append(text)
        self._waiting.append(text)
        self.text_length += len(text)
        self._changed()

    def add_reasoning(self, text):
        """Append `text` to the reasoning; its HTML follows with the next `refresh`."""
        if self._reasoning_began is None:
            self._reasoning_began = time.monotonic()
        self._reasonings.append(text)
        self._waiting_thoughts.append(text)
        self._changed()

    def replace(self, text, reasoning):
        """Replace answer and reasoning by `text` and `reasoning`; watchers get a new article.

        Needed where text that was shown as the answer turns out to be reasoning.
        """
        self.generation += 1
        self._renderer, self._thoughts = Stream(), Stream(THOUGHTS)
        self._texts, self._waiting = [text], [text]
        self._reasonings, self._waiting_thoughts = [reasoning], [reasoning]
        self.text_length = len(text)
        if reasoning and self._reasoning_began is None:
            self._reasoning_began = time.monotonic()
        self._changed()

    def take_unsaved(self):
        """Return `(id, text, reasoning, time of the first token)` to store in the database; None if
        nothing changed since the last call."""
        if not self._dirty:
            return None
        self._dirty = False
        return (self.id, self.text, self.reasoning, self.first_token_at)

    def save_again(self):
        """Make the next `take_unsaved` return the text once more: storing it has failed."""
        self._dirty = True

    def _changed(self):
        self._dirty = True
        self.is_stale = True

    def waits_for_long_parse(self):
        """Return True if so much text is to be parsed that `refresh` should run in a thread."""
        waiting = sum(map(len, self._waiting + self._waiting_thoughts))
        return waiting + len(self._renderer.open) + len(self._thoughts.open) > INLINE

    def refresh(self):
        """Render the text that came since the last call, so that the HTML is up to date.

        May run in a thread; call `refreshed` on the event loop afterwards.
        """
        self.is_stale = False
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._renderer.append("".join(waiting))
            self._renderer.refresh()
        thoughts, self._waiting_thoughts = self._waiting_thoughts, []
        if thoughts:
            self._thoughts.append("".join(thoughts))
            self._thoughts.refresh()

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
        self._renderer.complete()
        self._thoughts.complete()

    def uncoloured(self):
        """Return `(stream, box)`: the next code block (rendering's Box) that lacks syntax
        highlighting, and the Stream that it is in; None if there is none."""
        for stream in (self._renderer, self._thoughts):
            if box := stream.uncoloured:
                return stream, box
        return None

    def finished(self, ending, html, reasoning_html):
        """Set on the Response and its Message in memory what was stored when the reply ended.

        `ending` maps columns of the Response to their values; `html` and `reasoning_html` are the
        final HTML. With them the finished article is rendered without a query.
        """
        for name, value in ending.items():
            setattr(self.response, name, value)
        message = self.response.message
        message.text, message.html = self.text, html
        message.reasoning, message.reasoning_html = self.reasoning, reasoning_html
        self.is_finished = True

    @property
    def html(self):
        """The HTML of the answer so far."""
        return "".join(self._renderer.frozen) + self._renderer.open

    @property
    def reasoning_html(self):
        """The HTML of the reasoning so far."""
        return "".join(self._thoughts.frozen) + self._thoughts.open

    def changes_since(self, seen):
        """Return `(blocks, seen)`: HTML of each block that changed since `seen`, and a new `seen`.

        The first `seen` comes from `seen()`. In the page a block replaces the one with the same
        `data-block` attribute, or is appended.
        """
        now = self.seen()
        blocks = []
        for stream, was, now_is in zip((self._thoughts, self._renderer), seen, now, strict=True):
            frozen, open_html, recoloured = was
            # Each once, and only what the watcher has already.
            blocks += [
                stream.frozen[number]
                for number in dict.fromkeys(stream.recoloured[recoloured:])
                if number < frozen
            ]
            blocks += stream.frozen[frozen:]
            if now_is[1] and (now_is[1] != open_html or now_is[0] != frozen):
                blocks.append(now_is[1])
        return blocks, now

    def seen(self):
        """Return a mark of the HTML as it is now, for a later `changes_since`.

        It has two tuples, for the reasoning and the answer: the number of complete blocks, the HTML
        of the incomplete one, and the number of blocks that syntax highlighting has changed.
        """
        return tuple(
            (len(stream.frozen), stream.open, len(stream.recoloured))
            for stream in (self._thoughts, self._renderer)
        )
