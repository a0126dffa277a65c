"""Wheels of the locked packages: which file each hash in the lock belongs to.

python -m release.wheels PYLOCK…    writes requirements-wheels.txt, from lock files with file names
                                    (PEP 751, as `uv pip compile --format pylock.toml` writes them)

requirements-wheels.txt has a line "HASH  FILE" for each wheel that Linux with glibc could install
on x86-64 or ARM64. By it tests know, without asking a package index, that no machine has to compile
a package.
"""

import sys
import tomllib
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging import tags
from packaging.utils import parse_wheel_filename

from release.lock import ROOT

FILE = ROOT / "requirements-wheels.txt"
MACHINES = ("x86_64", "aarch64")
PYTHONS = ((3, 11), (3, 12), (3, 13), (3, 14))
# Debian 12 has glibc 2.36. What was made for an older one runs on it.
GLIBC = 36
_HEADER = """\
# Wheels of requirements.txt and requirements-s3.txt for Linux on x86-64 and ARM64, as
# "SHA-256  file". Written by `make lock`; tests/test_locked_wheels.py reads it.
"""


@cache
def accepted(python, machine):
    """Return the set of wheel tags (packaging.tags.Tag) that CPython accepts on Linux with glibc
    2.GLIBC: `python` is its version, such as (3, 12), `machine` one of MACHINES
    (https://packaging.python.org/specifications/)."""
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in range(GLIBC, 4, -1)]
    platforms += [f"manylinux{old}_{machine}" for old in ("2014", "2010", "1")]
    interpreter = f"cp{python[0]}{python[1]}"
    return {
        *tags.cpython_tags(python, platforms=platforms),
        *tags.compatible_tags(python, interpreter=interpreter, platforms=platforms),
    }


def wheels(pylock):
    """Yield `(file name, SHA-256)` of each wheel in `pylock`, the text of a lock file with file
    names (PEP 751)."""
    for package in tomllib.loads(pylock).get("packages", []):
        for wheel in package.get("wheels", []):
            name = wheel.get("name") or unquote(urlsplit(wheel["url"]).path.rpartition("/")[2])
            yield name, wheel["hashes"]["sha256"]


def is_for_linux(name):
    """Return True if the wheel with the file name `name` could be installed on one of MACHINES by
    one of PYTHONS."""
    found = parse_wheel_filename(name)[3]
    return any(found & accepted(python, machine) for python in PYTHONS for machine in MACHINES)


def read(file=FILE):
    """Return the wheels in `file`, requirements-wheels.txt, as a dict from file name to SHA-256."""
    lines = [line for line in file.read_text().splitlines() if not line.startswith("#")]
    return {name: digest for digest, name in map(str.split, lines)}


def write(pylocks, file=FILE):
    """Write requirements-wheels.txt, at `file`: the wheels for Linux that `pylocks`, a list of
    texts of lock files, name."""
    found = {pair for text in pylocks for pair in wheels(text) if is_for_linux(pair[0])}
    file.write_text(_HEADER + "".join(f"{digest}  {name}\n" for name, digest in sorted(found)))


if __name__ == "__main__":
    write([Path(path).read_text() for path in sys.argv[1:]])
