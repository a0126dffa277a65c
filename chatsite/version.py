"""The version of the site, as pyproject.toml names it; there is no second place."""

import tomllib
from functools import cache
from pathlib import Path

FILE = Path(__file__).resolve().parent.parent / "pyproject.toml"


@cache
def version():
    """The version number, such as "1.0.0" (https://packaging.python.org/specifications/)."""
    return tomllib.loads(FILE.read_text())["project"]["version"]
