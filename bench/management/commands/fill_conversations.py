"""The command `fill_conversations --settings=bench.settings`: invented conversations."""

from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from conversations.models import Conversation, Message, Person, Response

BATCH = 2_000
# One reply in so many failed.
FAILED = 50


class Command(BaseCommand):
    help = "Fills an empty database with made-up conversations, to measure the review queue."

    def add_arguments(self, parser):
        parser.add_argument("conversations", type=int)
        parser.add_argument("--people", type=int, default=1_000)

    def handle(self, conversations, people, **options):
        if Conversation.objects.exclude(owner__username__startswith="made-up-").exists():
            raise CommandError(
                "There are conversations of real people here; use a database of its own."
            )
        fill(conversations, people)
        self.stdout.write(f"{conversations} conversations of {people} people were made.")


def fill(conversations, people):
    """Make so many conversations of so many people, a question and a reply each, a minute apart.

    Called again it adds to those there are.
    """
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
        questions = [Message(conversation=each, role="user", text="Why?") for each in made]
        answers = [
            Message(conversation=each, role="assistant", text="Because.", parent=question)
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
