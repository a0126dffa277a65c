"""Waiting for what happens elsewhere."""

import time


def until(condition, seconds=15.0, pause=0.02):
    """Call `condition` until it gives something true, and give that.

    Raises AssertionError after `seconds`, which are against hanging and not for speed.
    """
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(pause)
    return found
