"""Runner of the container image's programs in its root file system, without a container engine.

What an engine would do is done by `unshare` and `chroot`: a mount namespace with a read-only root,
a `/tmp` in memory and a folder of the test's at `/data`; a process namespace, in which the command
is process 1; any user of the group 0, who can gain no privilege. The network is the machine's.
"""

import json
import os
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import httpx

NEEDED = ("buildah", "unshare", "chroot", "setpriv")
# Mounts, then becomes the command. $1 is the root, $2 the folder of /data.
ENTER = """
set -eu
root=$1 data=$2 uid=$3
shift 3
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777,nosuid tmpfs "$root/tmp"
mount --bind "$data" "$root/data"
mount -o remount,bind,ro "$root"
exec chroot --userspec="$uid:0" --groups=0 "$root" "$@"
"""


def missing():
    """Return why images cannot be run on this machine, as a sentence; "" if they can."""
    if os.geteuid() != 0:
        return "root is needed to mount an image."
    lacking = [name for name in NEEDED if shutil.which(name) is None]
    return f"{', '.join(lacking)} is not installed." if lacking else ""


class Image:
    """Container image in buildah's storage: `root` is the Path where it is mounted, `config` the
    dict of what its Containerfile set, such as `Env` and `Cmd` (Docker's JSON)."""

    def __init__(self, name, root):
        self.name = name
        self.root = Path(root)
        self.config = inspect(name)["Docker"]["config"]

    def start(self, data, *command, uid=12345, log=None, **environment):
        """Start `command` (none: the image's own) as the user `uid` in a container with the folder
        `data` (a Path) as `/data` and the variables `environment`. Return its Popen, of which
        `process_1` finds the process inside. Output goes to the open file `log`, or (None) can be
        read from the Popen as text."""
        # As an engine does for volumes: the group 0 may write, whoever the user is.
        shutil.chown(data, group=0)
        data.chmod(0o770)
        variables = dict(line.split("=", 1) for line in self.config["Env"])
        variables |= {name: str(value) for name, value in environment.items()}
        command = command or tuple(self.config["Cmd"])
        return subprocess.Popen(
            [
                *("unshare", "--mount", "--pid", "--fork", "--kill-child"),
                *("sh", "-c", ENTER, "enter", self.root, data, str(uid)),
                *("/usr/bin/setpriv", "--no-new-privs", "/usr/bin/env", "-i"),
                *("-C", self.config["WorkingDir"]),
                *(f"{name}={value}" for name, value in variables.items()),
                *command,
            ],
            stdout=log or subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, data, *command, **environment):
        """Run `command` in a container of its own, as `start` does, until it ends; return `(exit
        status, output)`. Raise subprocess.TimeoutExpired after 120 seconds."""
        process = self.start(data, *command, **environment)
        output = process.communicate(timeout=120)[0]
        return process.returncode, output


def inspect(name):
    """Return the description of the image `name`, the JSON of `buildah inspect`."""
    command = ["buildah", "inspect", "--type", "image", name]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


@contextmanager
def mounted(name):
    """Context manager: mount the image `name` and yield its Image; unmount at the end."""

    def buildah(*arguments):
        return subprocess.run(
            ["buildah", *arguments], check=True, capture_output=True, text=True
        ).stdout.strip()

    container = buildah("from", "--pull-never", name)
    try:
        yield Image(name, buildah("mount", container))
    finally:
        buildah("rm", container)


def process_1(process):
    """Return the process id, in the namespace of the tests, of process 1 in the container of
    `process` (a Popen of `Image.start`)."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    [pid] = map(int, children)
    return pid


def wait_until_it_serves(process, url, log, seconds=120):
    """Return once `/healthz` of the site at `url` answers 200. Raise AssertionError with the text
    of the file `log` (a Path) if `process` (its Popen) ends, or after `seconds`."""
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/healthz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    process.kill()
    raise AssertionError(f"The site did not start:\n{log.read_text()}")


def stop(process, wait):
    """Send SIGTERM to process 1 in the container of `process` (a Popen), as an engine does; return
    its exit status. After `wait` seconds it is killed and subprocess.TimeoutExpired raised."""
    os.kill(process_1(process), signal.SIGTERM)
    try:
        return process.wait(wait)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
