"""How many examples hypothesis tries."""

from hypothesis import settings

# Of what `make soak` tries, CI tries the same few each time.
FEW = 3


def examples(most):
    """`most` where they differ from run to run, as in `make soak`; a third in CI."""
    return -(-most // FEW) if settings().derandomize else most
