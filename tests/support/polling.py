"""Polling: waiting until a condition holds that another thread or process brings about."""

import time


def until(condition, seconds=15.0, pause=0.02):
    """Call `condition` every `pause` seconds until its result is true; return that.

    Raise AssertionError after `seconds`, a limit against hanging and not for speed.
    """
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(pause)
    return found
