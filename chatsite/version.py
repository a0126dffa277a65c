"""Version of the site, read from pyproject.toml, the only place that names it."""

import tomllib
from functools import cache
from pathlib import Path

FILE = Path(__file__).resolve().parent.parent / "pyproject.toml"


@cache
def version():
    """Return the version number as a string, such as "1.0.0"
    (https://packaging.python.org/specifications/)."""
    return tomllib.loads(FILE.read_text())["project"]["version"]
