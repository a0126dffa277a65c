"""Measure of SQLite's work in steps of its virtual machine, which do not depend on how busy the
computer is."""

from django.db import connection


def steps_of(act, *arguments):
    """Return how many tens of steps SQLite's virtual machine takes while `act(*arguments)` runs: 7
    means about 70 steps. They are counted on Django's default connection."""
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
