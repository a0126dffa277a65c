"""What a reader sees of an event stream: the article, as the page's script builds it."""

from html.parser import HTMLParser


class Blocks(HTMLParser):
    """The texts of the blocks in a piece of HTML, by their `data-block`."""

    def __init__(self, html):
        super().__init__()
        self.texts = {}
        self._open = []  # for each open div or span: its block, or None
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        block = dict(attributes).get("data-block")
        if block is not None:
            self.texts[block] = ""
        if tag in ("div", "span"):
            self._open.append(block)

    def handle_endtag(self, tag):
        if tag in ("div", "span") and self._open:
            self._open.pop()

    def handle_data(self, data):
        block = next((block for block in reversed(self._open) if block is not None), None)
        if block is not None:
            self.texts[block] += data


class Reader:
    """Takes Events in their order; `text` is what stands on the page after the last one."""

    def __init__(self):
        self.article = ""
        self.names = []
        self._blocks = {}

    def take(self, event):
        self.names.append(event.name)
        if event.name == "block":
            self._blocks |= Blocks(event.data).texts
        else:
            self.article = event.data
            self._blocks = Blocks(event.data).texts
        return self

    def take_all(self, events):
        for event in events:
            self.take(event)
        return self

    @property
    def text(self):
        """The reply's text, without its reasoning."""
        texts = [text for key, text in self._blocks.items() if not key.startswith("reasoning")]
        return "\n".join(texts).strip()

    @property
    def status(self):
        """The `data-status` of the article of the last `reply` or `done`."""
        return self.article.partition('data-status="')[2].partition('"')[0]


def words(count):
    """The text of a gateway's answer of that many `pieces`, as a reader sees it."""
    return " ".join(f"word{number}" for number in range(count))
