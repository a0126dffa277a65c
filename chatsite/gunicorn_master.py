"""What gunicorn's master does besides: it spares frozen workers, and reloads only what can start.

`install` is called by gunicorn.conf.py when the master starts.
"""

import subprocess
import sys
import time
from pathlib import Path

from chatsite import environment

# Seconds between two looks of the master at its workers, one second apart, from which on it was
# itself frozen, and its workers with it (a paused container, a suspended machine).
FROZEN = 5
CHECK_SECONDS = 60  # for the check before a reload


def install(server, root):
    """Change the Arbiter `server` of the site in the folder `root`."""
    server.murder_workers = sparing_the_frozen(server, server.murder_workers)
    server.reload = after_a_check(server, server.reload, root)
    # A worker that is started later, in place of one that died, starts with what was good.
    environment.keep(root / ".env")


def sparing_the_frozen(server, murder_workers):
    """`murder_workers`, which kills workers that sent no heartbeat for `timeout` seconds, but only
    after as much time in which they could run: a worker that hangs runs, one that was stopped does
    not, and goes on with its replies when it is thawed."""
    looked_at = time.monotonic()

    def murder():
        nonlocal looked_at
        now = time.monotonic()
        was_frozen, looked_at = now - looked_at > FROZEN, now
        for pid, worker in list(server.WORKERS.items()):
            if was_frozen or is_stopped(pid):
                # The heartbeat is the time of a file that the master has open too.
                worker.tmp.notify()
        murder_workers()

    return murder


def is_stopped(pid):
    """Whether the process was stopped by a signal (SIGSTOP); False where that is not known."""
    try:
        # The state follows the name, which is in parentheses and may have any characters.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in ("T", "t")
    except (OSError, IndexError):
        return False


def after_a_check(server, reload, root):
    """`reload`, unless the site could not start with the environment as it is now: the master would
    end, and the site with it. The old workers then go on, with what they were started with."""

    def checked():
        if problem := problem_with_start(root):
            server.log.error("Not reloaded, the site goes on as it was: %s", problem)
            return
        environment.keep(root / ".env")
        reload()

    return checked


def problem_with_start(root):
    """The sentence that says why the site could not start now, "" if it could; asked of a process
    of its own, since this one imports no module twice."""
    command = [sys.executable, "-m", "chatsite.check_start"]
    try:
        done = subprocess.run(  # noqa: S603 (a command of ours)
            command, cwd=root, capture_output=True, text=True, timeout=CHECK_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return f"the check took more than {CHECK_SECONDS} seconds."
    return "" if done.returncode == 0 else done.stderr.strip() or "the check failed."
