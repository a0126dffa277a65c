"""Which processor workers keep to: none in a container that shares them with others unknown."""

import os

import pytest

from chatsite import cpu_affinity

pytestmark = pytest.mark.once


@pytest.fixture
def affinity():
    """All processors of this process again after the test."""
    before = os.sched_getaffinity(0)
    yield before
    os.sched_setaffinity(0, before)


def test_on_a_machine_of_its_own_they_are_ours(tmp_path):
    assert cpu_affinity.are_ours(2, {}, [tmp_path / "no-such-mark"])


def test_a_single_worker_is_tied_to_none(tmp_path):
    assert not cpu_affinity.are_ours(1, {}, [tmp_path / "no-such-mark"])


@pytest.mark.parametrize("variable", ["container", "KUBERNETES_SERVICE_HOST"])
def test_in_a_container_they_are_not(tmp_path, affinity, variable):
    mark = tmp_path / ".dockerenv"
    mark.touch()
    whole_machine = len(affinity) == os.cpu_count()
    assert cpu_affinity.are_ours(2, {}, [mark]) is not whole_machine
    assert cpu_affinity.are_ours(2, {variable: "x"}, []) is not whole_machine


def test_in_a_container_with_a_set_of_its_own_they_are(tmp_path, affinity):
    if os.cpu_count() < 2:
        pytest.skip("one processor is no choice")
    mark = tmp_path / ".dockerenv"
    mark.touch()
    os.sched_setaffinity(0, {min(affinity)})
    assert cpu_affinity.are_ours(2, {}, [mark])
    assert not cpu_affinity.are_ours(1, {}, [mark])


def test_a_set_that_two_containers_share_is_not_ours_unless_each_fills_it(tmp_path, affinity):
    if os.cpu_count() < 4 or len(affinity) < 3:
        pytest.skip("three of four processors are needed")
    mark = tmp_path / ".dockerenv"
    mark.touch()
    os.sched_setaffinity(0, set(sorted(affinity)[:3]))
    assert not cpu_affinity.are_ours(2, {}, [mark])
    assert cpu_affinity.are_ours(3, {}, [mark])


def test_workers_of_one_master_go_round_and_masters_begin_anywhere(affinity):
    chosen = []
    for number in range(len(affinity)):
        cpu_affinity.keep_to(7 + number)
        chosen += os.sched_getaffinity(0)
        os.sched_setaffinity(0, affinity)
    assert sorted(chosen) == sorted(affinity)
    assert len({cpu_affinity.first() for _ in range(50)}) > 1
