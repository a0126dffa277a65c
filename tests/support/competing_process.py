"""Child process that submits messages, in competition with others for one person's limits.

python -m tests.support.competing_process PERSON_ID TIMES

It prints "ready", begins at a line on standard input, and prints how many of TIMES submissions were
accepted.
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
    """Submit `times` messages for the Person with the id `person_id`; return how many were accepted
    and not refused by a limit (OverLimit)."""
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
