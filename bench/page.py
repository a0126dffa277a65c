"""Benchmark of a conversation's page in a browser: `python -m bench.page`, or `make bench-page`.

It starts a server, and a Chromium with an empty cache. For conversations of 100 and of 1,000
messages it prints the bytes and requests on the network, the time of the largest paint, the first
byte and the longest task.

The site's page is compared with three static pages, loaded in turn with it from a server that only
sends bytes: a copy of the page with its style sheets and headers but without scripts, the same copy
without those headers, and the bare text. Each is loaded from a tab that shows another site, as
after a click on a link, and in an empty tab. In an empty tab the site's header
`Cross-Origin-Opener-Policy` makes the browser start a new process; coming from another site does so
for any page.

Over 300 lines: a script that is read from top to bottom, with its server of static pages.
"""

import gzip
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent
RUNS = 9
STATIC = ("of a static copy", "without headers", "of the bare text")
KINDS = {
    ".css": "text/css",
    ".speculationrules": "application/speculationrules+json",
    ".svg": "image/svg+xml",
}
# Headers that static copies do not repeat: those about the transfer, and those for one visitor.
OWN = {"connection", "content-encoding", "content-length", "content-type", "date", "server"}
OWN |= {"set-cookie", "transfer-encoding", "x-request-id"}
REPLY = """Cap retries **as a share of traffic**, not per row: for every ten first attempts, one
retry may be spent. Case {n} is the one to look at.

- Rows share one bucket, so a bad upstream drains it once instead of five times per row.
- When the bucket is empty, fail fast and park the row for a later run.

```python
def may_retry(self, row={n}):
    self.tokens -= 1
    return self.tokens >= 0
```
"""
PAINT = """() => new Promise((resolve) => {
    let paint = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) paint = Math.max(paint, entry.startTime);
    }).observe({type: "largest-contentful-paint", buffered: true});
    let longest = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) longest = Math.max(longest, entry.duration);
    }).observe({type: "longtask", buffered: true});
    setTimeout(() => resolve([paint, longest]), 300);
})"""


class Text(HTMLParser):
    """HTML parser that collects the texts of `html`, without its tags, in the list `parts`."""

    def __init__(self, html):
        super().__init__()
        self.parts = []
        self.feed(html)

    def handle_data(self, data):
        self.parts.append(data)


def main():
    """Start a server with a temporary database, run the benchmark and stop the server."""
    with tempfile.TemporaryDirectory() as folder:
        prepare(folder)
        server = subprocess.Popen(
            (sys.executable, *"-m gunicorn -c gunicorn.conf.py chatsite.asgi:application".split()),
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            report()
        finally:
            server.terminate()
            server.wait(60)


def prepare(folder):
    """Create a new site's SQLite database in `folder` (a path), set the environment variables for
    its server, and collect the static files."""
    from tests.support.server import free_port

    os.environ.update(
        SECRET_KEY="only-for-measuring-0123456789-0123456789-0123456789",
        INSECURE_HTTP="true",
        DATABASE_URL=f"sqlite:///{folder}/bench.sqlite3",
        DJANGO_SETTINGS_MODULE="chatsite.settings",
        DJANGO_ALLOW_ASYNC_UNSAFE="true",
        LOG_LEVEL="ERROR",
        PORT=str(free_port()),
        WEB_CONCURRENCY="1",
    )
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)


def report():
    """Create both conversations, load their pages and print the results."""
    from playwright.sync_api import sync_playwright

    from conversations.models import Person
    from tests.support.browser import CHROMIUM, FLAGS
    from tests.support.visitor import session_of

    person = Person.objects.create_user("alice", "alice@example.org", "correct horse")
    small = conversation_of(person, 100, REPLY)
    large = conversation_of(person, 1000, REPLY * 5)
    url = f"http://127.0.0.1:{os.environ['PORT']}"
    wait_for(url)
    session = session_of(person)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=FLAGS,
        )
        for name, conversation in (("100", small), ("1,000 long", large)):
            print(f"\nA conversation of {name} messages")
            measure(browser, url, session, conversation)
        browser.close()


def measure(browser, url, session, conversation):
    """Load the page of `conversation` (a Conversation) and its static copies RUNS times each, and
    print the results. `browser` is Playwright's, `url` that of the site, `session` a session
    key."""
    address = url + conversation.get_absolute_url()
    whole = load(browser, address, session)
    sizes, html = whole["sizes"], whole["html"]
    text = "".join(Text(html[html.index('id="thread"') : html.index('id="to-end"')]).parts)
    text_size = len(gzip.compress(text.encode()))
    for path, size in sizes.items():
        print(f"  {size:>8,} bytes  {path}")
    scripts = sum(size for path, size in sizes.items() if path.endswith(".js"))
    total = sum(sizes.values())
    row("over the wire", f"{total:,} bytes in {len(sizes)} requests")
    row("of it scripts", f"{scripts:,} bytes")
    row("besides the text", f"{total - text_size:,} bytes")
    copy = copy_of(html)
    pages = {"/copy": copy, "/without": copy, "/text": bare(text)}
    with Files(pages, url, {"/copy": whole["headers"]}) as files:
        places = {"ours": address} | {path[1:]: files + path for path in pages}
        # To the browser, "localhost" is another site than 127.0.0.1: the tab shows it before.
        other = files.replace("127.0.0.1", "localhost") + "/text"
        loads = {(start, name): [] for start in (other, None) for name in places}
        for _ in range(RUNS):
            for start, name in loads:
                cookie = session if name == "ours" else None
                loads[start, name].append(load(browser, places[name], cookie, start))
    for start in (other, None):
        print("  From another site" if start else "  In an empty tab")
        paint, *others = (median(loads[start, name], "paint") for name in places)
        row("largest paint", f"{paint:.0f} ms")
        for name, static in zip(STATIC, others, strict=True):
            row(name, f"{static:.0f} ms ({paint / static:.2f} times)")
        first = [median(loads[start, name], "first_byte") for name in places]
        row("first byte", "{:.0f} ms; {:.0f}, {:.0f}, {:.0f}".format(*first))
        longest = [median(loads[start, name], "longest") for name in places]
        row("longest task", "{:.0f} ms; {:.0f}, {:.0f}, {:.0f} (0: none over 50)".format(*longest))


def median(loads, name):
    """Return the median of the figure `name`, such as "paint", in `loads`, a list of dicts that
    `load` returned."""
    return statistics.median(each[name] for each in loads)


def load(browser, address, session, start=None):
    """Load the URL `address` once with an empty cache in Playwright's `browser`. `session` is the
    session key (None: no cookie), `start` the URL of the page that the tab shows before (None: an
    empty tab).

    Return a dict: `sizes` in bytes by path, `html`, `headers`, and the times `paint`, `longest`
    (task) and `first_byte` in milliseconds.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    if session:
        context.add_cookies([{"name": "session", "value": session, "url": address}])
    page = context.new_page()
    if start:
        page.goto(start, wait_until="networkidle")
        # As long as a person takes to follow a link, at least.
        page.wait_for_timeout(500)
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    paths, sizes = {}, {}
    network.on(
        "Network.requestWillBeSent",
        lambda event: paths.update({event["requestId"]: event["request"]["url"]}),
    )
    network.on(
        "Network.loadingFinished",
        lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}),
    )
    answer = page.goto(address, wait_until="networkidle")
    paint, longest = page.evaluate(PAINT)
    timing = page.evaluate("performance.getEntriesByType('navigation')[0].responseStart")
    found = {
        "sizes": {paths[each].split("/", 3)[3]: int(size) for each, size in sizes.items()},
        "paint": paint,
        "longest": longest,
        "first_byte": timing,
        "html": page.content(),
        "headers": {name: value for name, value in answer.headers.items() if name not in OWN},
    }
    context.close()
    return found


class Files:
    """Context manager: an HTTP server on 127.0.0.1 that serves `pages` ({path: HTML}) with
    `headers` ({path: {name: value}}), and what is under `/static/` of the site at the URL `site`,
    all compressed with gzip. Entering it returns its URL; any other path is an empty page."""

    def __init__(self, pages, site, headers):
        self.pages = {path: gzip.compress(html.encode()) for path, html in pages.items()}
        self.site = site
        self.headers = headers

    def __enter__(self):
        pages, headers = self.pages, self.headers

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                if self.path not in pages:
                    # What the copy asks for; the bare text's icon is as empty as that page.
                    is_file = self.path.startswith("/static/")
                    pages[self.path] = gzip.compress(read(site + self.path) if is_file else b"")
                body = pages[self.path]
                kind = KINDS.get(Path(self.path).suffix, "text/html; charset=utf-8")
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Encoding", "gzip")
                self.send_header("Content-Length", len(body))
                for name, value in headers.get(self.path, {}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        site = self.site
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}"

    def __exit__(self, *error):
        self.server.shutdown()


def copy_of(html):
    """Return `html`, a page of the site, without its scripts and links that preload them."""
    html = re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)
    return re.sub(r'<link rel="modulepreload"[^>]*>', "", html)


def bare(text):
    """Return a page (HTML) that has only the lines of `text` as paragraphs."""
    body = "".join(f"<p>{line}" for line in text.splitlines() if line.strip())
    return f"<!doctype html><meta charset=utf-8><title>t</title>{body}"


def read(address):
    """Return the body of the answer from the URL `address` as bytes."""
    with urlopen(address) as answer:
        return answer.read()


def conversation_of(person, count, reply):
    """Create and return a Conversation of `person` with `count` messages, questions and replies in
    turn; `reply` is the Markdown of each reply, in which `{n}` is replaced by its number."""
    from conversations.models import Conversation, Message, Response
    from conversations.rendering import render

    conversation = Conversation.objects.create(owner=person, title=f"{count} messages")
    parent = None
    for number in range(count):
        is_reply = number % 2 == 1
        text = reply.replace("{n}", str(number)) if is_reply else f"And what of case {number}?"
        parent = Message.objects.create(
            conversation=conversation,
            parent=parent,
            role="assistant" if is_reply else "user",
            text=text,
            html=render(text) if is_reply else text,
        )
        if is_reply:
            Response.objects.create(
                conversation=conversation,
                message=parent,
                person_id=person.pk,
                username=person.username,
                model="demo",
                status="completed",
                input_tokens=number * 100,
                output_tokens=120,
            )
    conversation.active = parent
    conversation.save()
    return conversation


def row(name, value):
    """Print one line of the results: `name`, the description of a figure, and its `value`
    (texts)."""
    print(f"  {name:<18}{value}")


def wait_for(url):
    """Wait up to 20 seconds until the site at `url` answers; else raise SystemExit."""
    import httpx

    for _ in range(200):
        try:
            httpx.get(f"{url}/healthz").raise_for_status()
            return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise SystemExit("The server did not start.")


if __name__ == "__main__":
    main()
