"""Share: how much of a total one client may take at a time. Imports no Django, since gunicorn's
master uses it."""

LEAST = 4  # of anything


def share(total, per_cent):
    """Return how many of `total` one client may have: `per_cent` of it, but at least LEAST and at
    most `total`."""
    return min(total, max(LEAST, total * per_cent // 100))
