"""Changes to gunicorn's master: it spares frozen workers, reloads only if the site could start, and
switches to another release if the link to the current one was changed.

`install` is called by gunicorn.conf.py when the master starts.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

from chatsite import environment
from chatsite.gunicorn_release import Releases, naming_the_successor, relieve

# Seconds between two looks of the master at its workers, one second apart, from which on it was
# itself frozen, and its workers with it (a paused container, a suspended machine).
FROZEN = 5
CHECK_SECONDS = 60  # for the check before a reload


def install(server, root):
    """Replace three methods of `server`, gunicorn's Arbiter (the master): the one that kills
    hanging workers, the one that reloads and the one that ends the workers. `root` is the folder of
    the site."""
    server.murder_workers = sparing_the_frozen(server, server.murder_workers)
    server.reload = after_a_check(server, server.reload, root, Releases(sys.argv[0]))
    server.stop = naming_the_successor(server, server.stop)
    # A worker that is started later, in place of one that died, starts with what was good.
    environment.keep(root / ".env")


def sparing_the_frozen(server, murder_workers):
    """Return a function for gunicorn's master to call in place of `murder_workers`, its method that
    kills workers without a heartbeat for `timeout` seconds; `server` is the master (an Arbiter).

    Before it calls that, it renews the heartbeat of workers that could not run, since they or the
    whole machine were stopped: such a worker goes on with its replies when it runs again. After it,
    it lets a master of an earlier release go (`gunicorn_release.relieve`).
    """
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
        relieve(server, os.fstat(server.served.fileno()).st_size)

    return murder


def is_stopped(pid):
    """Return True if the process `pid` was stopped by a signal (SIGSTOP); False if unknown."""
    try:
        # The state follows the name, which is in parentheses and may have any characters.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in ("T", "t")
    except (OSError, IndexError):
        return False


def after_a_check(server, reload, root, releases):
    """Return a function that reloads the site if it could start with the present environment and
    `.env`; if the link to the release leads to another one by now, it starts that one instead.

    `server` is gunicorn's master (an Arbiter), `reload` its method that reloads, `root` the folder
    (Path) of the site, `releases` the Releases of the master. If the site could not start, the
    function logs why and the old workers go on: a reload would end the master, and the site with
    it.
    """

    def checked():
        folder = releases.next()
        if problem := problem_with_start(folder or root):
            server.log.error("Not reloaded, the site goes on as it was: %s", problem)
            return
        if folder:
            server.log.info("The release in %s takes over.", folder)
            releases.start(server, folder)
            return
        environment.keep(root / ".env")
        reload()

    return checked


def problem_with_start(root):
    """Return a sentence that says why the site in folder `root` could not start; "" if it could.

    Runs chatsite.check_start in a process of its own, since this one imports no module twice.
    """
    python = root / ".venv" / "bin" / "python"
    command = [python if python.exists() else sys.executable, "-m", "chatsite.check_start"]
    try:
        done = subprocess.run(  # noqa: S603 (a command of ours)
            command, cwd=root, capture_output=True, text=True, timeout=CHECK_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return f"the check took more than {CHECK_SECONDS} seconds."
    return "" if done.returncode == 0 else done.stderr.strip() or "the check failed."
