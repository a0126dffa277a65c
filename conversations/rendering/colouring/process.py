"""The parent's end of the process that colours."""

import contextlib
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

from .limits import ANSWER_SECONDS

ROOT = Path(__file__).resolve().parents[3]
# Nothing else of the environment is handed on: there are secrets in it.
ENVIRONMENT = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "LANG", "LC_ALL")


class Crash(Exception):
    """The process ended with the job it had."""


class Unavailable(Exception):
    """The process could not be started, or did not answer in ANSWER_SECONDS and was ended."""


class Process:
    """One child process, started when it is first asked and anew when it has ended.

    For one thread: that which first asks, since the system ends the child with that thread.
    """

    def __init__(self) -> None:
        self._child: subprocess.Popen | None = None
        self._socket: socket.socket | None = None
        self._answers = None

    @property
    def pid(self) -> int | None:
        """The process id of the child, None where there is none."""
        return self._child.pid if self._child else None

    def ask(self, job: dict) -> dict:
        """The child's answer to a job (child.py). Raises Crash or Unavailable."""
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
        ours, theirs = socket.socketpair()
        ours.settimeout(ANSWER_SECONDS)
        environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
        module = f"{__package__}.child"
        with theirs:
            try:
                self._child = subprocess.Popen(  # noqa: S603 (nothing in it comes from outside)
                    [sys.executable, "-m", module, ",".join(map(str, _processors()))],
                    cwd=ROOT,
                    env=environment,
                    stdin=theirs,
                    stdout=theirs,
                    stderr=subprocess.DEVNULL,
                )
            except BaseException:
                ours.close()
                raise
        self._socket, self._answers = ours, ours.makefile("rb")

    def close(self) -> None:
        """End the child, if there is one."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.wait()
        self._let_go()

    def forget(self) -> None:
        """In a process that was forked: the child is the other one's."""
        child, self._child = self._child, None
        if child is not None:
            child.returncode = 0
        self._let_go()

    def _let_go(self) -> None:
        for end in (self._answers, self._socket):
            if end is not None:
                with contextlib.suppress(OSError):
                    end.close()
        self._answers = self._socket = None


def _processors() -> set[int]:
    """The processors that the child may use: the server ties each worker to one, not itself."""
    if not hasattr(os, "sched_getaffinity"):
        return set()
    try:
        return os.sched_getaffinity(os.getppid())
    except OSError:
        return os.sched_getaffinity(0)
