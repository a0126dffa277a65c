"""Number of examples that hypothesis tries: fewer in CI than by `make soak`."""

from hypothesis import settings

# In CI only a part of the examples of `make soak` is tried, the same each time.
FEW = 3


def examples(most):
    """Return the number of examples to try: `most` by `make soak`, where they differ from run to
    run; a third of it in CI, where they are the same each time."""
    return -(-most // FEW) if settings().derandomize else most
