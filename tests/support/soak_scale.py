"""How long tests of endurance go on: a little in CI, the whole way by `make soak`."""

import os

SOAK = bool(os.environ.get("SOAK"))


def amount(small, full):
    """`small`, or `full` where the machine is there for nothing else (bench/soak.py)."""
    return full if SOAK else small
