"""Which processor a worker of gunicorn keeps to (PIN_WORKERS)."""

import os
import random
from pathlib import Path

# Files and variables by which Docker, Podman, systemd-nspawn and Kubernetes say where they are.
_MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"))
_VARIABLES = ("container", "KUBERNETES_SERVICE_HOST")


def are_ours(environment=os.environ, marks=_MARKS):
    """Whether this machine's processors are known to be for this site, so that keeping to one of
    them takes it from nobody.

    Not in a container that may use all of the machine's: the others there begin with the same
    process ids, know nothing of each other, and a limit on processor time (`cpus: 2`) names no
    processor. So where a set of processors was given (`cpuset`) they count as ours again.
    """
    contained = any(mark.exists() for mark in marks) or any(environment.get(v) for v in _VARIABLES)
    return not contained or len(os.sched_getaffinity(0)) < (os.cpu_count() or 1)


def first():
    """Where the workers of one master begin to count, at random: two sites on a machine, or two
    containers with the same set, would else both begin with the first processor."""
    return random.randrange(1 << 16)  # noqa: S311 (no secret)


def keep_to(number):
    """Tie this process and its threads to the processor at `number` of those it may use; the
    numbers go round."""
    processors = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {processors[number % len(processors)]})
