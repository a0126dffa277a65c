"""Processor time of a function, with a limit at which it is interrupted."""

import signal
from time import process_time


class TooLong(BaseException):
    """Raised in a function that exceeds its processor time. Not an Exception, so that no handler of
    the function catches it."""


def seconds(function, *arguments, most):
    """Return the processor seconds that `function(*arguments)` takes; `most` if it takes more.

    Call it on the main thread. At `most` seconds a signal interrupts the function, even within a
    regular expression that takes exponential time, since matching checks for signals.
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
    """Return the processor seconds of `function(*arguments)`: those of one run if below `most`,
    else the least of three, since a busy machine slows a single run."""
    taken = seconds(function, *arguments, most=most)
    for _ in range(2):
        if taken >= most:
            taken = min(taken, seconds(function, *arguments, most=most))
    return taken
