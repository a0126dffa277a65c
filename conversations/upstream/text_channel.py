"""Buffer of streamed text: pieces are added as they arrive, and read as repaired strings."""

from .gateway_text import repair


class TextChannel:
    """Buffer for the text of one kind (answer, reasoning or refusal), of limited length.

    Attributes: `overflown` (text was cut off at the limit), `was_reset` (see `reset`), and
    `skip_newlines`, which drops line ends at the very beginning.
    """

    def __init__(self, limit: int) -> None:
        """`limit` is in characters; what goes beyond it is cut off and sets `overflown`."""
        self.limit = limit
        # An upper bound of the characters so far.
        self.incoming = 0
        self.overflown = False
        # The pieces taken from here on replace those taken before.
        self.was_reset = False
        self.skip_newlines = False
        self._pieces: list[str] = []
        self._size = 0
        self._ready: list[str] = []

    def __bool__(self) -> bool:
        """Return True if the channel has had any text, read or not."""
        return self.incoming > 0

    def add(self, piece: str) -> None:
        """Append `piece`, the next piece of text."""
        # An empty piece is no text: what the final object says still counts.
        if piece:
            self._pieces.append(piece)
            self.incoming += len(piece)

    def reset(self, text: str) -> None:
        """Replace all text added so far, even what `take` has returned, by `text`.

        Sets `was_reset`, so that the reader discards what it has.
        """
        self.was_reset = True
        self._pieces = [text] if text else []
        self._ready.clear()
        self._size = 0
        self.incoming = len(text)

    def has_news(self) -> bool:
        """Return True if there is unread text or `was_reset` is set."""
        return bool(self._pieces or self._ready or self.was_reset)

    def settle(self, *, last: bool = False) -> None:
        """Repair the text added so far (see `repair`) and cut it at the limit, for the next `take`.

        Half a surrogate pair at its end waits for the other half, unless `last` says that no more
        text will come.
        """
        text = "".join(self._pieces)
        self._pieces.clear()
        if not last and "\ud800" <= text[-1:] <= "\udbff":
            self._pieces.append(text[-1])
            text = text[:-1]
        if not text.isascii() or "\0" in text:
            text = repair(text)
        if self.skip_newlines and not self._size:
            text = text.lstrip("\r\n")
        if len(text) > self.limit - self._size:
            text = text[: self.limit - self._size]
            self.overflown = True
        if text:
            self._size += len(text)
            self._ready.append(text)
        self.incoming = max(1, self._size + len(self._pieces))

    def take(self, *, last: bool = False) -> str:
        """Return the text added since the last call, or since a `reset`, and mark it as read.

        The text is repaired (see `repair`) and cut at the limit. Half a surrogate pair at its end
        is kept for the next call, unless `last` says that no more text will come. `was_reset`
        becomes False.
        """
        self.was_reset = False
        pieces = self._pieces
        if not pieces:
            if not self._ready:
                return ""
        elif len(pieces) == 1 and self._size and not self._ready:
            # By far the most reads are one plain piece.
            text = pieces[0]
            size = self._size + len(text)
            if text.isascii() and size <= self.limit and "\0" not in text:
                pieces.clear()
                self._size = self.incoming = size
                return text
            self.settle(last=last)
        else:
            self.settle(last=last)
        text = "".join(self._ready)
        self._ready.clear()
        return text
