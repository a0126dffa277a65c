"""Benchmark of the import of ChatGPT's export: the processor time that a megabyte takes.

    .venv/bin/python -m bench.imports            in a temporary database, SQLite
    .venv/bin/python -m tests.support.postgres .venv/bin/python -m bench.imports --here

Three people each import the same made-up conversations with other dates. A conversation has eight
messages, every fourth conversation is in Chinese; a reply has some 4,000 characters of Markdown,
every fourth with code. Printed are the processor time per megabyte for reading (with rendering and
splitting into words) and for storing, the processor time of the longest piece, and the longest
elapsed time for which a piece held the database. The processor time of PostgreSQL is included if
that runs on this machine, that of the child process that highlights code is not.
"""

import argparse
import io
import json
import time

from bench.database import migrated_database

ROUNDS = 3
TURNS = 4  # questions of a conversation, each with a reply

CODE = '''class Budget{n}:
    """Allows a share of the calls of the last minute to be retries."""

    def __init__(self, share: float = 0.{n}) -> None:
        self.share = share
        self.calls = deque()

    def {name}(self) -> bool:
        now = monotonic()
        while self.calls and self.calls[0] < now - {n}:
            self.calls.popleft()
        return len(self.calls) * self.share >= 1

'''
ROW = "| {0} | {1:,} | **{2}** |\n"


def main():
    """Read the command line, create the database, import the file, and print the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=float, default=5)
    parser.add_argument("--here", action="store_true", help="in what DATABASE_URL names")
    options = parser.parse_args()
    with migrated_database(here=options.here):
        print(f"{options.megabytes:.1f} MB\n")
        print("| | reading, s a MB | storing, s a MB | longest piece, s | held, s |")
        print("|---|--:|--:|--:|--:|")
        for number in range(ROUNDS):
            content = export(options.megabytes * 1_000_000, first_day=1_000 * number)
            size = len(content) / 1_000_000
            reading, storing, longest, held = bring_in(f"p{number}", content)
            print(f"| {number + 1} | {reading / size:.3f} | {storing / size:.3f} |"
                  f" {longest:.3f} | {held:.3f} |", flush=True)  # fmt: skip


def export(size, first_day):
    """Return a file like ChatGPT's export as bytes, of about `size` bytes, always the same: one
    conversation a day from the day `first_day` on, a number of days after 14 July 2017."""
    from bench.search import Language

    language = Language()
    language.random.seed(1)
    conversations, length = [], 0
    while length < size:
        number = len(conversations)
        began = 1_500_000_000 + (first_day + number) * 86_400
        conversations.append(json.dumps(conversation(language, number, began)))
        length += len(conversations[-1])
    return f"[{','.join(conversations)}]".encode()


def conversation(language, number, began):
    """Return a conversation as in ChatGPT's export, a dict. `number` counts them from 0, `began` is
    its time in seconds since 1970 (UTC), `language` (bench.search.Language) makes its words."""
    chinese = number % 4 == 3
    mapping = {"0": {"parent": None, "message": None}}
    for at in range(1, 2 * TURNS + 1):
        is_reply = at % 2 == 0
        text = language.text(chinese)
        if is_reply:
            text = reply(language, number * TURNS + at // 2, chinese)
        message = {
            "author": {"role": "assistant" if is_reply else "user"},
            "content": {"content_type": "text", "parts": [text]},
            "create_time": began + 60 * at,
        }
        mapping[str(at)] = {"parent": str(at - 1), "message": message}
    return {"id": f"c{number}", "title": language.text(chinese)[:60], "mapping": mapping}


def reply(language, number, chinese):
    """Return the Markdown of a reply: headings, paragraphs, lists, a table and a link, and code if
    `number`, the reply's, is divisible by four. `language` (bench.search.Language) makes the words;
    `chinese` is True for a reply in Chinese."""
    parts = []
    for _section in range(3):
        word = language.words[number]
        parts.append(f"## {language.text(chinese)[:40]}\n\n{language.text(chinese)} — it’s "
                     f"**{word}**, as `{word}()` says.\n\n")  # fmt: skip
        for item in range(4):
            word = language.words[item]
            parts.append(f"{item + 1}. *{word}*: {language.text(chinese)[:90]}.\n")
        parts.append("\n")
    parts.append("| Strategy | Calls | Cost |\n|:--|--:|--:|\n")
    parts += [ROW.format(language.words[row], row * number, row) for row in range(5)]
    if number % 4 == 0:
        code = CODE.format(n=number + 1, name=language.words[number])
        parts.append(f"\n```python\n{code * 2}```\n")
    address = f"https://example.org/{number}"
    parts.append(f"\nSee [the guide]({address}): {language.text(chinese)}\n")
    return "".join(parts)


def bring_in(name, content):
    """Import `content` (bytes) for a new person called `name`. Return the seconds of processor time
    of reading, of storing and of the longest piece, and the longest elapsed time in seconds for
    which a piece held the database."""
    from django.db import transaction

    from bench.search import processor
    from conversations.models import Person
    from conversations.transfer.bringing_in import Importer

    importer = Importer(Person.objects.create_user(name), io.BytesIO(content))
    spent = processor()
    reading = storing = longest = held = 0.0
    while True:
        began = spent()
        piece = importer.read()
        read, clock = spent(), time.monotonic()
        if piece:
            with transaction.atomic():
                importer.store(piece)
        held = max(held, time.monotonic() - clock)
        reading += read - began
        storing += spent() - read
        longest = max(longest, spent() - began)
        if piece is None:
            return reading, storing, longest, held


if __name__ == "__main__":
    main()
