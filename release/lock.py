"""Lock: the packages that the requirements files pin, each with its version and hashes."""

import importlib.metadata
import re
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
# Requirements of the site, and those for storing files in a bucket (S3).
FILES = ("requirements.txt", "requirements-s3.txt")


@dataclass(frozen=True)
class Pin:
    """Locked package: its canonical name, its version, its environment marker (packaging's Marker;
    None: always installed), and the SHA-256 hashes of its files."""

    name: str
    version: str
    marker: object
    hashes: frozenset

    def is_for(self, environment):
        """Return True if the package is installed in `environment`, a dict of variables of markers,
        such as `{"sys_platform": "linux"}`; those missing in it are those of this Python."""
        return self.marker is None or self.marker.evaluate(environment)


def read(root=ROOT, files=FILES):
    """Return the list of Pins in the requirements files `files` (names in the folder `root`),
    sorted by name, each package once."""
    found = {}
    for name in files:
        text = (root / name).read_text().replace("\\\n", " ")
        for line in text.splitlines():
            if re.match(r"\w", line):
                requirement = Requirement(line.partition(" --hash")[0])
                [version] = [each.version for each in requirement.specifier]
                hashes = frozenset(re.findall(r"--hash=sha256:([0-9a-f]{64})", line))
                pin = Pin(canonicalize_name(requirement.name), version, requirement.marker, hashes)
                found[pin.name] = pin
    return [found[name] for name in sorted(found)]


def installed(pin):
    """Return the installed package of `pin`, an importlib.metadata Distribution. Raises ValueError
    if it is not installed for this Python in the locked version."""
    try:
        found = importlib.metadata.distribution(pin.name)
    except importlib.metadata.PackageNotFoundError:
        found = None
    if found is None or found.version != pin.version:
        raise ValueError(f"{pin.name} {pin.version} is locked and not installed: run make check.")
    return found


def metadata_folder(pin):
    """Return the path of the folder with the metadata (*.dist-info) of the installed package of
    `pin`. Raises ValueError if it is not installed for this Python in the locked version."""
    found = installed(pin)
    [file] = [file for file in found.files if str(file).endswith(".dist-info/METADATA")]
    return found.locate_file(file).parent
