"""A live reply: its text and HTML so far in the memory of this process, and who watches it.

It is written here, or followed from the database where another process writes it; watchers see no
difference. Nothing is queued for a watcher: each remembers which version it saw last and takes
what changed since, so that one that stops reading holds up nothing and costs nothing.
"""

import time

from conversations.rendering import THOUGHTS, Stream

# Above this a parse takes long enough to hold up other streams: it goes to a thread.
INLINE = 8_000  # characters


class LiveReply:
    """The reply of `response`, a Response with its message and conversation.

    `body` is what is sent to the gateway; None where another process writes it, or where it could
    not be built. `offered` are the LanguageModels that its person may choose from, None where they
    are not at hand.
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
        # A refresh that is under way in a thread, and a task that brings the colours of code.
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
        return self.response.pk

    @property
    def text(self):
        if len(self._texts) > 1:
            self._texts = ["".join(self._texts)]
        return self._texts[0] if self._texts else ""

    @property
    def reasoning(self):
        if len(self._reasonings) > 1:
            self._reasonings = ["".join(self._reasonings)]
        return self._reasonings[0] if self._reasonings else ""

    def add_text(self, text):
        """Append to the answer; it is rendered and shown at the pace the process can afford."""
        if self._reasoning_began is not None and self.reasoning_seconds is None:
            self.reasoning_seconds = time.monotonic() - self._reasoning_began
        self._texts.append(text)
        self._waiting.append(text)
        self.text_length += len(text)
        self._changed()

    def add_reasoning(self, text):
        """Append to the reasoning, which is rendered as the answer is and shown folded."""
        if self._reasoning_began is None:
            self._reasoning_began = time.monotonic()
        self._reasonings.append(text)
        self._waiting_thoughts.append(text)
        self._changed()

    def replace(self, text, reasoning):
        """Take `text` and `reasoning` in place of everything so far; watchers begin anew."""
        self.generation += 1
        self._renderer, self._thoughts = Stream(), Stream(THOUGHTS)
        self._texts, self._waiting = [text], [text]
        self._reasonings, self._waiting_thoughts = [reasoning], [reasoning]
        self.text_length = len(text)
        if reasoning and self._reasoning_began is None:
            self._reasoning_began = time.monotonic()
        self._changed()

    def take_unsaved(self):
        """`(id, text, reasoning, first token at)` if anything changed since the last call."""
        if not self._dirty:
            return None
        self._dirty = False
        return (self.id, self.text, self.reasoning, self.first_token_at)

    def save_again(self):
        """The last checkpoint did not reach the database."""
        self._dirty = True

    def _changed(self):
        self._dirty = True
        self.is_stale = True

    def waits_for_long_parse(self):
        """Whether `refresh` is too much for the event loop."""
        waiting = sum(map(len, self._waiting + self._waiting_thoughts))
        return waiting + len(self._renderer.open) + len(self._thoughts.open) > INLINE

    def refresh(self):
        """Bring the HTML up to date with the text so far. `refreshed` must follow on the loop."""
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
        """Tell the watchers that there is something new."""
        self.version += 1
        self.wake()

    def wake(self):
        for watcher in self.watchers:
            watcher.wake()

    def complete(self):
        """Bring the HTML up to the final text; colours may still be missing."""
        self.refresh()
        self._renderer.complete()
        self._thoughts.complete()

    def uncoloured(self):
        """`(stream, box)` of the code whose colours are to be asked for next, else None."""
        for stream in (self._renderer, self._thoughts):
            if box := stream.uncoloured:
                return stream, box
        return None

    def finished(self, ending, html, reasoning_html):
        """Take over the columns as they were written, so that the end is shown without a query."""
        for name, value in ending.items():
            setattr(self.response, name, value)
        message = self.response.message
        message.text, message.html = self.text, html
        message.reasoning, message.reasoning_html = self.reasoning, reasoning_html
        self.is_finished = True

    @property
    def html(self):
        """The HTML so far."""
        return "".join(self._renderer.frozen) + self._renderer.open

    @property
    def reasoning_html(self):
        """The reasoning's HTML so far."""
        return "".join(self._thoughts.frozen) + self._thoughts.open

    def changes_since(self, seen):
        """`(blocks, seen)`: HTML of the blocks that changed since `seen`, and the new `seen`.

        Begin with `seen()`. A block replaces the one with the same `data-block`, or is appended.
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
        """What a watcher who has `html` and `reasoning_html` has seen: of the thoughts and of the
        answer, how many blocks are complete, the open one, and how many changes by colours."""
        return tuple(
            (len(stream.frozen), stream.open, len(stream.recoloured))
            for stream in (self._thoughts, self._renderer)
        )
