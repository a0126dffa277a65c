"""Parent's side of the child process that highlights code: starting, asking and ending it."""

import contextlib
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

from .limits import ANSWER_SECONDS

ROOT = Path(__file__).resolve().parents[3]
# Environment variables passed to the child; the others may hold secrets.
ENVIRONMENT = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "LANG", "LC_ALL")


class Crash(Exception):
    """Raised if the child process that highlights code ended, or gave no valid answer, while it
    worked on a job."""


class Unavailable(Exception):
    """Raised if the child process that highlights code could not be started, or did not answer
    within ANSWER_SECONDS and was killed."""


class Process:
    """Handle of one child process that highlights code, started at the first `ask` and again when
    it has ended.

    Use it from one thread only, that of the first `ask`: the system kills the child when that
    thread ends.
    """

    def __init__(self) -> None:
        self._child: subprocess.Popen | None = None
        self._socket: socket.socket | None = None
        self._answers: BinaryIO | None = None

    @property
    def pid(self) -> int | None:
        """Return the process id of the child, None if there is none."""
        return self._child.pid if self._child else None

    def ask(self, job: dict) -> dict:
        """Send `job` to the child process and return its answer. The job is a dict with `code`,
        `lexer` (Pygments' name of the language) and `limit` (seconds of processor time); the answer
        is a dict with `html` (None: not highlighted) and `seconds` (processor time used). Blocks
        until it answers. Raises Crash if the child ends during the job, Unavailable if it cannot be
        started or takes too long."""
        line = json.dumps(job).encode() + b"\n"
        if self._child is None:
            try:
                self._start()
            except OSError as error:
                raise Unavailable(f"It could not be started: {error}") from error
        try:
            self._socket.sendall(line)
            answer = self._answers.readline()
            if not answer.endswith(b"\n"):
                raise Crash("It ended with a job.")
            return json.loads(answer)
        except TimeoutError as error:
            self.close()
            raise Unavailable(f"It did not answer in {ANSWER_SECONDS} seconds.") from error
        except (OSError, ValueError, Crash) as error:
            self.close()
            raise Crash(str(error)) from error

    def _start(self) -> None:
        """Start the child process and connect to it. Raises OSError."""
        ours, theirs = socket.socketpair()
        ours.settimeout(ANSWER_SECONDS)
        environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
        module = f"{__package__}.pygments_child"
        with theirs:
            try:
                self._child = subprocess.Popen(  # noqa: S603 (nothing in it comes from outside)
                    [sys.executable, "-m", module, ",".join(map(str, _processors()))],
                    cwd=ROOT,
                    env=environment,
                    stdin=theirs.fileno(),
                    stdout=theirs.fileno(),
                    stderr=subprocess.DEVNULL,
                )
            except BaseException:
                ours.close()
                raise
        self._socket, self._answers = ours, ours.makefile("rb")

    def close(self) -> None:
        """Kill the child process, if there is one, and close the connection."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.wait()
        self._let_go()

    def forget(self) -> None:
        """Drop the child process without killing it. For the new process after a fork: the child
        belongs to the parent."""
        child, self._child = self._child, None
        if child is not None:
            child.returncode = 0
        self._let_go()

    def _let_go(self) -> None:
        """Close this side's ends of the connection."""
        for end in (self._answers, self._socket):
            if end is not None:
                with contextlib.suppress(OSError):
                    end.close()
        self._answers = self._socket = None


def _processors() -> set[int]:
    """Return the numbers of the processors the child may use, those of the server's main process:
    each worker process is tied to one. Empty where the system cannot tell."""
    if not hasattr(os, "sched_getaffinity"):
        return set()
    try:
        return os.sched_getaffinity(os.getppid())
    except OSError:
        return os.sched_getaffinity(0)
