"""Reader of a reply's event stream: builds the article as the page's script does."""

from html.parser import HTMLParser


class Blocks(HTMLParser):
    """HTML parser that collects `texts` from `html`: the text of each block by the value of its
    attribute `data-block`."""

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
    """Reader of the events of a stream, which `take` receives in their order. `article` is the HTML
    of the last whole article, `text` what the page then shows, `names` the list of the names of all
    events so far."""

    def __init__(self):
        self.article = ""
        self.names = []
        self._blocks = {}

    def take(self, event):
        """Apply `event`, a visitor.Event, to the article; return the Reader."""
        self.names.append(event.name)
        if event.name == "block":
            self._blocks |= Blocks(event.data).texts
        else:
            self.article = event.data
            self._blocks = Blocks(event.data).texts
        return self

    def take_all(self, events):
        """Apply all `events`, an iterable of visitor.Event; return the Reader."""
        for event in events:
            self.take(event)
        return self

    @property
    def text(self):
        """Text of the reply as shown after the last event, without its reasoning."""
        texts = [text for key, text in self._blocks.items() if not key.startswith("reasoning")]
        return "\n".join(texts).strip()

    @property
    def status(self):
        """Attribute `data-status` of the article that the last `reply` or `done` event brought."""
        return self.article.partition('data-status="')[2].partition('"')[0]


def words(count):
    """Return the visible text of a reply for which the scripted gateway sends `count` words
    (`pieces`)."""
    return " ".join(f"word{number}" for number in range(count))
