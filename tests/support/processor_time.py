"""Processor time of a function, and the end of one that takes too much."""

import signal
from time import process_time


class TooLong(BaseException):
    """A function used up its processor time. No Exception, so that nothing catches it."""


def seconds(function, *arguments, most):
    """The processor seconds that `function(*arguments)` takes, or `most` where it would take more.

    On the main thread of a process. What exceeds `most` is ended: an expression that takes
    exponential time too, since the matching heeds signals.
    """

    def stop(_signal, _frame):
        raise TooLong

    before = signal.signal(signal.SIGPROF, stop)
    began = process_time()
    try:
        signal.setitimer(signal.ITIMER_PROF, most, most)
        try:
            function(*arguments)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
    except TooLong:
        return most
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    return process_time() - began


def least(function, *arguments, most):
    """As `seconds`, the least of three where the first looks too long: a busy machine slows one."""
    taken = seconds(function, *arguments, most=most)
    for _ in range(2):
        if taken >= most:
            taken = min(taken, seconds(function, *arguments, most=most))
    return taken
