"""Switch of gunicorn's master to another release of the site, without refusing a request.

Releases lie in folders of their own, each with its virtual environment, and a symbolic link names
the one that runs: `current/.venv/bin/gunicorn`. A process reads templates and modules as it needs
them, so a release that is put in place of another under a running process mixes the two.

At SIGHUP (gunicorn_master.py) a master that was started by such a link, which leads elsewhere by
now, starts the master of the new release beside itself, with its sockets. Once that one's first
worker serves, the old master is told to end, and its workers finish their replies. If the new
master does not come up, the old one goes on.
"""

import contextlib
import os
import signal
import sys
from pathlib import Path

from gunicorn import systemd

# Below the folder of a release.
PROGRAM = Path(".venv", "bin", "gunicorn")


class Releases:
    """Release that a gunicorn master was started from, and the one that its link names now.
    `program` is the path by which the master was started (sys.argv[0])."""

    def __init__(self, program):
        self._program = Path(os.path.abspath(program))
        self._started_from = self._program.resolve()

    def next(self):
        """Return the folder (Path) of the release that the link names now, if it is not the one
        that runs; else None."""
        now = self._program.resolve()
        folder = now.parents[len(PROGRAM.parts) - 1]
        if now == self._started_from or folder / PROGRAM != now:
            return None
        return folder if (folder / "gunicorn.conf.py").exists() else None

    def start(self, server, folder):
        """Have `server`, gunicorn's master (an Arbiter), start a master of the release in `folder`
        beside itself, with the same arguments."""
        program = str(self._program)
        server.START_CTX = {0: program, "args": [program, *sys.argv[1:]], "cwd": str(folder)}
        server.reexec()


def relieve(server, served):
    """Send SIGTERM once to the master that started this one, `server` (an Arbiter), if workers of
    this one have served: `served` is their number. Does nothing if no other master started it."""
    if not served or not server.master_pid or server.master_pid != os.getppid():
        # No worker serves, or no master started this one (0, which is also the parent of process 1
        # of a container), or that master has ended already: then another process is the parent.
        return
    if not getattr(server, "has_relieved", False):
        server.has_relieved = True
        with contextlib.suppress(ProcessLookupError):
            os.kill(server.master_pid, signal.SIGTERM)


def naming_the_successor(server, stop):
    """Return a function for gunicorn's master `server` to call in place of `stop`, its method that
    ends the workers. If the master has started one of another release, the function first tells
    systemd that this is the main process from now on."""

    def announce_and_stop(*arguments, **options):
        if server.reexec_pid:
            systemd.sd_notify(f"MAINPID={server.reexec_pid}", server.log)
        stop(*arguments, **options)

    return announce_and_stop
