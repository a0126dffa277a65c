"""Runner of the child process that extracts text from uploaded files, to measure its resource
usage."""

import json
import os
import subprocess
import sys

from tests.support.server import ROOT


def read(content, folder):
    """Extract text from the bytes `content` in the child process, with its files in `folder` (a
    Path). Return `(answer, usage)`: the JSON that it answered, `{"refusal": "too_long"}` if a
    signal killed it; and its struct_rusage."""
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
