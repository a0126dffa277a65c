"""CPU affinity: ties each gunicorn worker to one processor (setting PIN_WORKERS)."""

import os
import random
from pathlib import Path

# Files and variables by which Docker, Podman, systemd-nspawn and Kubernetes say where they are.
_MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"))
_VARIABLES = ("container", "KUBERNETES_SERVICE_HOST")


def are_ours(workers, environment=os.environ, marks=_MARKS):
    """Return True if each of `workers` (their number) may be tied to a processor, since the site
    may count on having the processors to itself.

    False for a single worker: another site with one on this machine could pick the same processor,
    and leave the others idle. False in a container that may use all processors: other containers
    may pick the same ones, and a limit on processor time (`cpus: 2`) names none. In a container
    with a set of processors (`cpuset`), True only if there is at least one worker for each of them,
    since another container may have the same set. A container is recognized by the variables in
    `environment` (a dict) and by the files `marks` (paths).
    """
    if workers < 2:
        return False
    contained = any(mark.exists() for mark in marks) or any(environment.get(v) for v in _VARIABLES)
    processors = len(os.sched_getaffinity(0))
    return not contained or (processors < (os.cpu_count() or 1) and processors <= workers)


def first():
    """Return a random number below 65,536, to which a worker's number is added to choose its
    processor (`keep_to`).

    Drawn once by each gunicorn master: two sites on a machine, or two containers with the same set
    of processors, would else both begin with the first one.
    """
    return random.randrange(1 << 16)  # noqa: S311 (no secret)


def keep_to(number):
    """Tie this process and its threads to the processor at index `number` of those it may use; a
    larger number begins again at the first."""
    processors = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {processors[number % len(processors)]})
