"""The child process that reads files, run by itself: what it answers, and what it used."""

import json
import os
import subprocess
import sys

from tests.support.server import ROOT


def read(content, folder):
    """The answer of the child process that reads `content`, and what it used (a struct_rusage)."""
    path = folder / "hostile"
    path.write_bytes(content)
    with path.open("rb") as file, (folder / "answer").open("w+b") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "conversations.extraction.child"],
            cwd=ROOT,
            stdin=file,
            stdout=output,
        )
        _pid, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        line = output.readline()
    if child.returncode < 0:
        return {"refusal": "too_long"}, used
    assert child.returncode == 0
    return json.loads(line), used
