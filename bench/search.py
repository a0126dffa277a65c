"""Benchmark of the full-text search among 100,000 messages of fifty people.

    .venv/bin/python -m bench.search                 on SQLite, in a temporary database
    .venv/bin/python -m bench.search --messages N    with N messages
    .venv/bin/python -m tests.support.postgres .venv/bin/python -m bench.search --here

Three in ten messages are in Chinese; the words are made up, and as frequent as those of a language
(Zipf's law). Printed are the size of the index and the processor time of a search with its page of
results (median of nine): in one person's conversations and in everybody's, as for reviewers, by
date and by relevance. It includes the time of PostgreSQL if that runs on this machine.
"""

import argparse
import itertools
import random
import statistics
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.database import migrated_database

ROUNDS = 9
PEOPLE = 50
TURNS = 20  # messages of a conversation
CHINESE = 0.3
LENGTHS = (20, 60, 120, 180)  # words of a message
SYLLABLES = "ka lo mi ter ver son pre con tion ing al er ma ne do ru sa ti po be".split()


def main():
    """Read the command line, create the database, fill it, measure and print the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--here", action="store_true", help="in what DATABASE_URL names")
    options = parser.parse_args()
    with migrated_database(here=options.here):
        language = Language()
        size, seconds = fill(language, options.messages)
        report(language, options.messages, size, seconds)


class Language:
    """Generator of random texts whose words are as frequent as those of a language (Zipf's law).
    `words` and `pairs` (Chinese words of two characters) are lists with the most frequent first."""

    def __init__(self):
        self.random = random.Random(7)
        words = {self._word() for _ in range(30_000)}
        self.words = sorted(words)
        self.random.shuffle(self.words)
        characters = [chr(0x4E00 + number * 7 % 20_000) for number in range(3_000)]
        # Most Chinese words are pairs, so that pairs repeat as words do.
        self.pairs = list({"".join(self.random.choices(characters, k=2)): 0 for _ in range(9_000)})
        self._often = [list(itertools.accumulate(1 / (n + 5) for n in range(len(each))))
                       for each in (self.words, self.pairs)]  # fmt: skip

    def _word(self):
        return "".join(self.random.choices(SYLLABLES, k=self.random.randint(1, 4)))

    def text(self, chinese=CHINESE):
        """Return the random text of one message, of 20 to 180 words. `chinese` (0 to 1) is the
        probability that they are Chinese."""
        length = self.random.choice(LENGTHS)
        if self.random.random() < chinese:
            pairs = self.random.choices(self.pairs, cum_weights=self._often[1], k=length)
            return "".join(pair + ("，" if at % 8 == 7 else "") for at, pair in enumerate(pairs))
        return " ".join(self.random.choices(self.words, cum_weights=self._often[0], k=length))


def fill(language, messages):
    """Create `messages` messages (their number) in conversations of TURNS each, with texts of
    `language` (a Language), and index them. Return `(bytes of text, seconds of processor time for
    indexing)`."""
    from django.db import transaction

    from conversations.models import Conversation, Message, Person
    from conversations.search import index

    spent = processor()
    people = Person.objects.bulk_create(Person(username=f"p{n}") for n in range(PEOPLE))
    at, size, seconds = datetime(2026, 1, 1, tzinfo=UTC), 0, 0.0
    for number in range(messages // TURNS):
        owner = people[number % PEOPLE]
        with transaction.atomic():
            title = language.text()[:60]
            conversation = Conversation.objects.create(owner=owner, title=title, model="m")
            stored = []
            for turn in range(TURNS):
                at += timedelta(seconds=30)
                role = "assistant" if turn % 2 else "user"
                text = language.text()
                size += len(text.encode())
                stored.append(
                    Message(conversation=conversation, role=role, text=text, created_at=at)
                )
            Message.objects.bulk_create(stored)
            began = spent()
            index.add_conversation(conversation.pk)
            seconds += spent() - began
    with transaction.atomic():
        index.database().optimise()
    return size, seconds


def report(language, messages, size, seconds):
    """Measure the searches and print the table, with the index's figures: `size` is the bytes of
    text of all messages in it, `messages` their number, `seconds` the processor time that indexing
    took, `language` the Language of their words."""
    from django.db import connection

    from conversations.models import Person

    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("ANALYZE")
            tables = ("conversations_searchterms_data", "conversations_searchbeginnings_data")
            cursor.execute(
                " UNION ALL ".join(f"SELECT sum(length(block)) FROM {t}" for t in tables)
            )
            sizes = [row[0] for row in cursor.fetchall()]
        else:
            cursor.execute("VACUUM ANALYZE")
            cursor.execute(
                "SELECT pg_relation_size('conversations_searchterms'),"
                " sum(pg_column_size(terms)) FROM conversations_searchentry"
            )
            sizes = cursor.fetchone()
    print(f"\n{connection.vendor}: {messages:,} messages, {size / 1e6:.0f} MB of text,")
    print(f"{seconds / messages * 1e6:.0f} µs to index one; index "
          + " + ".join(f"{part / 1e6:.0f} MB" for part in sizes))  # fmt: skip
    one = Person.objects.get(username="p7")
    spent = processor()
    print("\n| looked for | mine, newest | mine, best | everybody's, newest | best |")
    print("|---|--:|--:|--:|--:|")
    for name, query in queries(language):
        times = [
            look(query, owners, order, spent)
            for owners in ([one.pk], None)
            for order in ("newest", "best")
        ]
        print(f"| {name} | " + " | ".join(f"{each:.1f}" for each in times) + " |")


def queries(language):
    """Return a list of `(description, query as typed)` of searches with words of `language` (a
    Language), from its most frequent to one that occurs nowhere."""
    words, pairs = language.words, language.pairs
    return [
        ("the commonest word", f'"{words[0]}"'),
        ("a middling word", f'"{words[300]}"'),
        ("a rare word", f'"{words[-9]}"'),
        ("two common words", f'{words[0]} "{words[1]}"'),
        ("a phrase of common words", f'"{words[0]} {words[1]}"'),
        ("a beginning of two letters", words[0][:2]),
        ("a beginning of three letters", words[0][:3]),
        ("a beginning of four letters", "kalo"),
        ("a common word and a beginning", f"{words[0]} {words[1][:3]}"),
        ("one Chinese character", pairs[0][0]),
        ("a common Chinese word", pairs[0]),
        ("a rare Chinese word", pairs[-9]),
        ("four Chinese characters", pairs[0] + pairs[1]),
        ("nothing there", '"zzzz"'),
    ]


def processor():
    """Return a function without arguments that returns the seconds of processor time spent by this
    process so far, and by its PostgreSQL server process if that runs on this machine."""
    from django.db import connection

    if connection.vendor == "sqlite":
        return time.process_time
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = Path(f"/proc/{cursor.fetchone()[0]}/schedstat")
    return lambda: time.process_time() + int(backend.read_text().split()[0]) / 1e9


def look(query, owners, order, spent):
    """Return the milliseconds of processor time of one search with its results, the median of
    ROUNDS. `query` is the text as typed, `owners` ids of people (None: everybody), `order` "newest"
    or "best", `spent` a function that returns the seconds of processor time spent so far."""
    from conversations.search import parse, search
    from conversations.search.results import results

    times = []
    for _round in range(ROUNDS):
        began = spent()
        phrases = parse(query)
        results(search(phrases, owners, order=order), phrases)
        times.append(spent() - began)
    return statistics.median(times) * 1_000


if __name__ == "__main__":
    main()
