"""Licences of the locked packages, as their metadata says: writes docs/licences.md.

python -m release.licences    needs the packages of the lock installed, as in .venv
"""

import json
import re

from release import lock

FILE = lock.ROOT / "docs" / "licences.md"
NAMED = 6  # libraries within a package that the page names
# SPDX's names (https://spdx.org/licenses/) of what packages write otherwise, or in other words.
SPDX = {
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
}
# Licences, read in the licence files, of packages whose metadata is wrong or says too little.
READ = {
    "fido2": "BSD-2-Clause AND Apache-2.0 AND MPL-2.0",
    "httpx-aiohttp": "BSD-3-Clause",
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
    "qrcode": "BSD-3-Clause",
    "sqlparse": "BSD-3-Clause",
    "uvloop": "MIT OR Apache-2.0",
}
# Licences of packages in the lock that are not installed on Linux, where the site runs.
ELSEWHERE = {"colorama": "BSD-3-Clause"}
_EXPRESSION = re.compile(r"[A-Za-z0-9.+-]+( (AND|OR|WITH) [A-Za-z0-9.+-]+)*")
_HEADER = """\
# Licences

The site itself has the MIT licence ([LICENSE](../LICENSE)). It is served with these packages, which
are installed apart from it and not changed; `make licences` writes this page from what they say of
themselves, in the words of [SPDX](https://spdx.org/licenses/). Their texts are in `*.dist-info/` of
an installation and of the container image.

All may be used and passed on by anybody, also in a company. psycopg has the LGPL: whoever passes on
a changed psycopg has to pass on its source. certifi's list of authorities has the MPL, and so has a
list in fido2: the same holds for changes of these files.

The last column names what is compiled into a package, as far as it brings a list of that
(`*.dist-info/sboms/`); licences stand there. The list of packages of a release in CycloneDX
is `chatsite-VERSION.cdx.json` ([versions.md](versions.md#how-a-release-is-made)).

| Package | Version | Licence | With |
|---|---|---|---|
"""


def licence(metadata):
    """Return the licence of an installed package as an SPDX expression, from its `metadata` (that
    of importlib.metadata) or READ. Raises ValueError if neither has one."""
    name = metadata["Name"]
    if name.lower() in READ:
        return READ[name.lower()]
    classifiers = metadata.get_all("Classifier", [])
    for said in (metadata["License-Expression"], metadata["License"], *classifiers):
        said = SPDX.get(said, said)
        if said and said != "BSD" and _EXPRESSION.fullmatch(said):
            return said
    raise ValueError(f"Read the licence of {name}, and add it to READ in release/licences.py.")


def compiled_in(distribution):
    """Return the sorted names of the libraries that are compiled into an installed package, as the
    SBOMs in it list them; `distribution` is of importlib.metadata."""
    found = set()
    for file in distribution.files or []:
        if ".dist-info/sboms/" in str(file):
            listed = json.loads(file.read_text()).get("components", [])
            found |= {each["name"] for each in listed if each.get("type") == "library"}
    own = {distribution.name.lower(), distribution.name.lower().replace("-", "_")}
    return sorted(found - own, key=str.lower)


def rows(pins):
    """Yield a line of the table (Markdown) for each of `pins`, a list of Pins. Raises ValueError if
    one is not installed in the locked version, or its licence is not known."""
    for pin in pins:
        if pin.name in ELSEWHERE:
            yield f"| {pin.name} (Windows only) | {pin.version} | {ELSEWHERE[pin.name]} | |"
            continue
        distribution = lock.installed(pin)
        libraries = compiled_in(distribution)
        shown = ", ".join(libraries[:NAMED])
        if len(libraries) > NAMED:
            shown += f" and {len(libraries) - NAMED} more"
        cells = f"{pin.name} | {pin.version} | {licence(distribution.metadata)} | {shown}"
        yield f"| {cells} |".replace("|  |", "| |")


def page():
    """Return the text of docs/licences.md. Raises ValueError as `rows` does."""
    return _HEADER + "\n".join(rows(lock.read())) + "\n"


if __name__ == "__main__":
    FILE.write_text(page())
