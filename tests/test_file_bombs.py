"""Hostile files: each is refused or read within the limits of memory and processor time."""

import json
import os
import resource
import subprocess
import sys

import pytest

from conversations.extraction import limits
from tests.support.hostile_files import FILES
from tests.support.server import ROOT

pytestmark = pytest.mark.once


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_is_read_within_limits_or_refused(tmp_path, name):
    make, expected = FILES[name]
    answer, used = read(make(), tmp_path)
    assert answer.get("refusal", "") in expected
    # In kilobytes. Linux counts what a process held before its exec, which is all that this one
    # holds; more than that is the child's own.
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert used.ru_maxrss <= max(limits.MEMORY // 1024, before)
    assert used.ru_utime + used.ru_stime < limits.PROCESSOR_SECONDS + 3
    if "finding" in answer:
        assert len(answer["finding"]["text"]) <= limits.MOST_CHARACTERS
        assert "root:" not in answer["finding"]["text"]


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
