"""Every locked package comes as a wheel for Linux, on x86-64 and on ARM64: nothing is compiled."""

import itertools

import pytest
from packaging.utils import canonicalize_name, parse_wheel_filename

from release import lock, wheels

pytestmark = pytest.mark.once

PINS = lock.read()
WHEELS = {
    name: (canonicalize_name(package), str(version), tags)
    for name in wheels.read()
    for package, version, _, tags in [parse_wheel_filename(name)]
}


@pytest.mark.parametrize(
    ("python", "machine"), list(itertools.product(wheels.PYTHONS[:3], wheels.MACHINES))
)
def test_each_has_a_wheel_whose_hash_is_locked(python, machine):
    version = f"{python[0]}.{python[1]}"
    environment = {
        "sys_platform": "linux",
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "python_version": version,
        "python_full_version": f"{version}.0",
    }
    digests, accepted = wheels.read(), wheels.accepted(python, machine)
    needed = [pin for pin in PINS if pin.is_for(environment)]
    assert len(needed) > 40
    without = [
        pin.name
        for pin in needed
        if not any(
            (package, version) == (pin.name, pin.version)
            and tags & accepted
            and digests[name] in pin.hashes
            for name, (package, version, tags) in WHEELS.items()
        )
    ]
    assert without == []


def test_wheels_of_other_systems_do_not_count():
    accepted = wheels.accepted((3, 13), "aarch64")
    fit = {
        "a-1-py3-none-any.whl": True,
        "a-1-cp313-cp313-manylinux_2_17_aarch64.manylinux2014_aarch64.whl": True,
        "a-1-cp311-abi3-manylinux_2_34_aarch64.whl": True,
        "a-1-cp313-cp313-manylinux_2_39_aarch64.whl": False,
        "a-1-cp313-cp313-manylinux_2_17_x86_64.whl": False,
        "a-1-cp313-cp313-musllinux_1_2_aarch64.whl": False,
        "a-1-cp313-cp313-macosx_11_0_arm64.whl": False,
        "a-1-cp312-cp312-manylinux_2_17_aarch64.whl": False,
        "a-1-cp313-cp313t-manylinux_2_17_aarch64.whl": False,
    }
    assert {name: bool(parse_wheel_filename(name)[3] & accepted) for name in fit} == fit


def test_the_list_holds_the_files_of_the_lock_and_no_others():
    locked = {digest for pin in PINS for digest in pin.hashes}
    assert set(wheels.read().values()) <= locked
    assert {package for package, _, _ in WHEELS.values()} == {pin.name for pin in PINS}


def test_the_list_is_made_of_lock_files_with_names(tmp_path):
    pylock = """
[[packages]]
name = "a"
version = "1"
wheels = [
    { url = "https://index.example.org/x/a-1-py3-none-any.whl", hashes = { sha256 = "aa" } },
    { name = "a-1-cp313-cp313-win32.whl", url = "https://x/y", hashes = { sha256 = "bb" } },
]
[[packages]]
name = "only-source"
version = "2"
"""
    wheels.write([pylock], tmp_path / "wheels.txt")
    assert wheels.read(tmp_path / "wheels.txt") == {"a-1-py3-none-any.whl": "aa"}
