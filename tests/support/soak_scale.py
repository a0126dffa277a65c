"""Size of endurance tests: small in CI, full by `make soak`."""

import os

SOAK = bool(os.environ.get("SOAK"))


def amount(small, full):
    """Return `full` in a soak test (environment variable SOAK set, as by `make soak`), else
    `small`."""
    return full if SOAK else small
