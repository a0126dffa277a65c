"""What people of the trade expect of a repository: one version, packages with reasons, CI."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# Modules that a package brings under another name than its own.
PACKAGE_OF = {
    "jwt": "pyjwt",
    "allauth": "django-allauth",
    "environ": "django-environ",
    "httpx_aiohttp": "httpx-aiohttp",
    "math_core": "math-core",
    "PIL": "pillow",
    "pygments": "pygments",
    "pythonjsonlogger": "python-json-logger",
}


def imported_packages():
    """Package -> a file of the site that imports it."""
    found = {}
    files = [ROOT / "gunicorn.conf.py", *(ROOT / "chatsite").rglob("*.py")]
    for path in [*files, *(ROOT / "conversations").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module]
            for name in names:
                top = name.partition(".")[0]
                if top not in sys.stdlib_module_names | {"chatsite", "conversations"}:
                    found[PACKAGE_OF.get(top, top)] = path.relative_to(ROOT)
    return found


def required(name):
    """The packages that a requirements file names, without their versions."""
    lines = (ROOT / name).read_text().splitlines()
    return {re.split(r"[\[=<> ]", line)[0].lower() for line in lines if line[:1].isalnum()}


def test_every_package_that_is_imported_is_required_with_a_reason():
    reasons = (ROOT / "CONTRIBUTING.md").read_text().lower()
    named = set(re.findall(r"^\| ([\w.-]+) \|", reasons, re.MULTILINE))
    assert set(imported_packages()) <= required("requirements.in")
    assert required("requirements.in") <= named


def test_the_version_is_printed():
    run = subprocess.run(
        [sys.executable, "manage.py", "version"], cwd=ROOT, capture_output=True, text=True
    )
    assert run.stdout.strip() == PROJECT["version"]


@pytest.mark.django_db
def test_the_administration_shows_the_version(client, administrator):
    client.force_login(administrator)
    footer = client.get("/admin/").content.decode().partition('<footer id="footer">')[2]
    assert f"Version {PROJECT['version']}" in footer


def test_ci_runs_on_every_python_that_is_promised():
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    oldest = PROJECT["requires-python"].removeprefix(">=")
    versions = re.findall(r'"(3\.\d+)"', workflow)
    assert versions[0] == oldest
    assert len(versions) == 3
    assert "bash .ci/run" in workflow
