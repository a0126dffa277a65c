"""Items of a live reply: LiveText, the text and HTML so far of a message or of reasoning, and
LiveCall, the call of a tool."""

from collections.abc import Sequence

from conversations import items, upstream
from conversations.rendering import THOUGHTS, Stream

# What a block costs besides its text, in characters: measured, 20 µs.
LINE_COST = 15
# What `LiveText.seen` returns before there is any HTML.
NOTHING = (0, "", 0)


class LiveText:
    """Item of a live reply that has text, a message or reasoning: its text and its HTML so far.

    `type` (the parameter `kind`) is "message" or "reasoning", `size` the length of its text in
    characters. `stream` is the Stream that renders it, None before `begin`.
    """

    def __init__(self, kind):
        self.type = kind
        self.size = 0
        self.stream = None
        # The annotations so far, and the JSON (dict) of the item once it is complete.
        self.annotations = []
        self.closed = None
        # How many blocks watchers were shown, once another item stood behind it; else None.
        self.overtaken_at = None
        self._texts = []
        # What the next `refresh` renders, and what that costs, in characters.
        self._waiting = []
        self._cost = 0

    def begin(self, mark, **limits):
        """Create the Stream that renders the text to HTML; call it before the first `refresh`.
        `mark` begins the `data-block` attribute of its blocks (after THOUGHTS, for reasoning);
        `limits` are the arguments `account` (id of the person) and `name` of the Stream."""
        self.stream = Stream(f"{THOUGHTS if self.type == 'reasoning' else ''}{mark}", **limits)

    @property
    def text(self):
        """The text so far, in Markdown."""
        if len(self._texts) > 1:
            self._texts = ["".join(self._texts)]
        return self._texts[0] if self._texts else ""

    def add(self, text):
        """Append `text`; the next `refresh` adds it to the HTML."""
        self._texts.append(text)
        self._waiting.append(text)
        self._cost += len(text) + LINE_COST * text.count("\n")
        self.size += len(text)
        self.closed = None

    def clear(self):
        """Remove the text and its HTML; call `begin` before the next text."""
        self.stream = self.overtaken_at = self.closed = None
        self._texts, self._waiting = [], []
        self.size = self._cost = 0

    @property
    def unparsed(self):
        """Estimate, in characters, of what the next `refresh` parses: the new text and the block
        that is not complete. Each line counts as LINE_COST more, since it may be a block of its
        own."""
        return self._cost + len(self.stream.open)

    def refresh(self):
        """Render to HTML the text that was added since the last call."""
        self._cost = 0
        waiting, self._waiting = self._waiting, []
        if waiting:
            self.stream.append("".join(waiting))
            self.stream.refresh()

    @property
    def html(self):
        """The HTML so far, that of all blocks joined; call `begin` before."""
        return "".join(self.stream.frozen) + self.stream.open

    @property
    def blocks(self):
        """The number of blocks so far."""
        return len(self.stream.frozen) + bool(self.stream.open)

    def seen(self):
        """Return a tuple that describes the HTML as it is now, for a later `changes_since`: the
        number of complete blocks, the HTML of the incomplete one, and how many changes syntax
        highlighting has made."""
        stream = self.stream
        return len(stream.frozen), stream.open, len(stream.rehighlighted)

    def changes_since(self, seen):
        """Return a list of the HTML of each block that changed since `seen`, which `seen()`
        returned earlier: first those whose code was highlighted, then new and unfinished ones."""
        frozen, open_html, rehighlighted = seen
        stream = self.stream
        # Of the highlighted blocks only what the watcher has already, each once.
        blocks = [
            stream.frozen[number]
            for number in dict.fromkeys(stream.rehighlighted[rehighlighted:])
            if number < frozen
        ]
        blocks += stream.frozen[frozen:]
        now = stream.open
        if now and (now != open_html or len(stream.frozen) != frozen):
            blocks.append(now)
        return blocks

    def as_item(self):
        """Return the item as a dict of the Responses API: a message with its text and annotations,
        or reasoning with its text as `summary`."""
        closed, text = self.closed or {}, self.text
        if self.type == "reasoning":
            kept = {name: closed[name] for name in _OF_REASONING if closed.get(name)}
            return {"type": "reasoning", **kept, "summary": [_part("summary_text", text)]}
        if "content" in closed and upstream.strip_reference_marks(_text_of(closed)) == text:
            return closed
        part = {**_part("output_text", text), "annotations": self.annotations}
        return {"role": "assistant", **closed, "type": "message", "content": [part]}


class LiveCall:
    """Item of a live reply that has no text: the call of a tool. `item` is its JSON (dict);
    `is_closed` says that it is complete. `waiting` is the number of pictures that came with it and
    are being stored, `stream` None, as there is no text to render."""

    stream = None

    def __init__(self, item, *, is_closed=False):
        self.type = item["type"]
        self.item = item
        self.is_closed = is_closed
        self.version = 0
        self.waiting = 0
        # What became of its pictures: `{output: members}` as given to `keep`.
        self._made = {}

    @property
    def is_live(self):
        """True while more is to come of it: it is not complete, or its pictures are not stored."""
        return not self.is_closed or self.waiting > 0

    def keep(self, output, members):
        """Note that a picture which the call brought was stored, or is lost: add `members` (dict)
        to the entry `output` (an index) of the `outputs` in its JSON; None adds them to the JSON
        itself, for the picture that is its `result`."""
        self._made[output] = members
        self.waiting -= 1
        self.item = items.with_file(self.item, output, members)
        self.version += 1

    def become(self, item, *, is_closed=False):
        """Set the JSON of the call to `item` (dict), with the members that `keep` added, and
        `is_closed`; return True if either has changed."""
        for output, members in self._made.items():
            item = items.with_file(item, output, members)
        if item == self.item and is_closed == self.is_closed:
            return False
        self.item, self.is_closed = item, is_closed
        self.version += 1
        return True

    def seen(self):
        """Return a number that grows with each change of the item."""
        return self.version

    def as_item(self):
        """Return the item as a dict of the Responses API."""
        return self.item


# What is kept of reasoning, besides the text that was shown.
_OF_REASONING = ("id", "status", "encrypted_content")


def _part(kind, text):
    return {"type": kind, "text": text}


def _parts_of(message):
    """Return the content parts (dicts) that have a text in `message`, the JSON (dict) of a message
    item."""
    content = message.get("content")
    parts = content if isinstance(content, Sequence) else []
    return [part for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str)]


def _text_of(message):
    return "".join(part["text"] for part in _parts_of(message))


def annotations_of(message):
    """Return the annotations of all parts of `message`, the JSON (dict) of a message item, as one
    list."""
    found = (part.get("annotations") for part in _parts_of(message))
    return [each for annotations in found if isinstance(annotations, list) for each in annotations]
