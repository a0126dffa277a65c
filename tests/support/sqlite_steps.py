"""How much SQLite does: its steps do not depend on how busy the machine is."""

from django.db import connection


def steps_of(act, *arguments):
    """The tens of steps that SQLite's machine takes while `act` runs."""
    steps = 0

    def count():
        nonlocal steps
        steps += 1

    connection.connection.set_progress_handler(count, 10)
    try:
        act(*arguments)
    finally:
        connection.connection.set_progress_handler(None, 0)
    return steps
