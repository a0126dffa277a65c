"""Orders replies for a person as often as it may, in a process of its own.

python -m tests.support.competing_process PERSON_ID TIMES    prints how many were taken
"""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
django.setup()

from conversations.models import Person  # noqa: E402
from conversations.replies.refused import OverLimit  # noqa: E402
from tests.support.ledger_rows import ask  # noqa: E402


def compete(person_id, times):
    """How many of so many orders were taken."""
    person = Person.objects.get(pk=person_id)
    taken = 0
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(times):
        try:
            ask(person)
            taken += 1
        except OverLimit:
            pass
    return taken


if __name__ == "__main__":
    print(compete(*map(int, sys.argv[1:])))
