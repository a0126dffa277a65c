"""Hostile files: each is refused or read within the limits of memory and processor time."""

import resource

import pytest

from conversations.extraction import limits
from tests.support.extraction_child import read
from tests.support.hostile_files import FILES

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
