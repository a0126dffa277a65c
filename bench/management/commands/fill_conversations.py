"""Command `manage.py fill_conversations COUNT --settings=bench.settings`: creates made-up
conversations in a database without real ones, for benchmarks."""

import random
from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from conversations.models import Conversation, Message, Person, Response
from conversations.search import index

BATCH = 2_000
# One of so many replies is a failed one.
FAILED = 50
# Number of different words in the texts.
VOCABULARY = 20_000


class Command(BaseCommand):
    help = "Fills an empty database with made-up conversations, to measure with."

    def add_arguments(self, parser):
        parser.add_argument("conversations", type=int)
        parser.add_argument("--people", type=int, default=1_000)
        parser.add_argument(
            "--words",
            type=int,
            default=0,
            help="Words of each message, which is then in the search index too.",
        )

    def handle(self, conversations, people, words, **options):
        if Conversation.objects.exclude(owner__username__startswith="made-up-").exists():
            raise CommandError(
                "There are conversations of real people here; use a database of its own."
            )
        fill(conversations, people, words)
        self.stdout.write(f"{conversations} conversations of {people} people were made.")


def fill(conversations, people, words=0):
    """Create `conversations` made-up conversations (a number), shared out among `people` people (a
    number): each has a question and a reply, and is dated a minute before the previous one. Further
    calls add more.

    With `words` each message has so many words and is added to the full-text search index; with 0
    it is short and not indexed.
    """
    chance = random.Random(1)
    start = timezone.now()
    before = Conversation.objects.count()
    names = [f"made-up-{number}" for number in range(people)]
    Person.objects.bulk_create([Person(username=name) for name in names], ignore_conflicts=True)
    owners = list(Person.objects.filter(username__in=names).order_by("pk"))
    for first in range(before, before + conversations, BATCH):
        numbers = range(first, min(first + BATCH, before + conversations))
        made = [
            Conversation(
                owner=owners[number % people],
                title=f"Made up {number}",
                model=f"model-{number % 5}",
                created_at=start - timedelta(minutes=number),
                updated_at=start - timedelta(minutes=number),
            )
            for number in numbers
        ]
        questions = [
            Message(
                conversation=each,
                role="user",
                text=_text(chance, words) or "Why?",
                created_at=each.created_at,
            )
            for each in made
        ]
        answers = [
            Message(
                conversation=each,
                role="assistant",
                text=_text(chance, words) or "Because.",
                parent=question,
                created_at=each.created_at,
            )
            for each, question in zip(made, questions, strict=True)
        ]
        calls = [
            Response(
                conversation=each,
                message=answer,
                person_id=each.owner_id,
                username=each.owner.username,
                model=each.model,
                status="failed" if number % FAILED == 0 else "completed",
                input_tokens=100,
                output_tokens=50,
                total_tokens=150,
            )
            for number, each, answer in zip(numbers, made, answers, strict=True)
        ]
        for model, rows in (
            (Conversation, made),
            (Message, questions),
            (Message, answers),
            (Response, calls),
        ):
            model.objects.bulk_create(rows)
        if words:
            titles = [(each.owner_id, each.pk, None, each.created_at, each.title) for each in made]
            texts = [
                (
                    each.conversation.owner_id,
                    each.conversation_id,
                    each.pk,
                    each.created_at,
                    each.text,
                )
                for pair in zip(questions, answers, strict=True)
                for each in pair
            ]
            with transaction.atomic():
                index.add_entries(index.entries_of([*titles, *texts]))


def _text(chance, words):
    """Return a text of `words` made-up words (a number) by the random generator `chance`
    (random.Random); word frequencies are those of a language (a Pareto distribution)."""
    numbers = (int(chance.paretovariate(1)) % VOCABULARY for _ in range(words))
    return " ".join(f"word{number:x}" for number in numbers)
