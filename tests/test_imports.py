"""Imports run one way: views -> replies -> {models, upstream, prompt, rendering, usage}."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SITE = {"chatsite", "conversations"}

# What the modules of each noun of conversations/ may not import. A noun of our own is a name
# in conversations/; "ours" is all of it and the site package besides the noun itself.
FORBIDDEN = {
    "upstream": {"ours", "django"},
    "rendering": {"ours"},
    "extraction": {"ours", "django"},
    "files": {"urls", "views", "forms", "admin", "replies", "upstream", "jobs", "transfer"},
    "items": {
        "urls",
        "views",
        "forms",
        "admin",
        "replies",
        "upstream",
        "models",
        "prompt",
        "thread",
    },
    "tools": {
        *("urls", "views", "forms", "admin", "replies", "upstream", "models", "prompt"),
        *("thread", "usage", "files", "items"),
    },
    "models": {"urls", "views", "forms", "admin", "replies", "upstream"},
    "prompt": {"urls", "views", "forms", "admin", "replies", "upstream"},
    "usage": {"urls", "views", "forms", "admin", "replies", "upstream"},
    "search": {"urls", "views", "forms", "admin", "replies", "upstream"},
    "keeping": {"urls", "views", "forms", "admin", "replies", "upstream", "jobs"},
    "cases": {"urls", "views", "forms", "admin", "upstream", "jobs"},
    "jobs": {"urls", "views", "forms", "admin", "replies", "upstream"},
    "transfer": {"urls", "views", "forms", "admin", "replies", "upstream", "jobs"},
    "forms": {"urls", "views", "admin", "replies", "upstream"},
    "doctor": {"urls", "views", "forms", "admin"},
    "replies": {"urls", "views", "forms", "admin"},
    "views": {"urls", "admin", "upstream"},
    "admin": {"urls", "views", "upstream"},
}


def find_imports(source, module, is_package):
    """Each import in `source` as (line, dotted name), relative ones and those in functions too."""
    package = module if is_package else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            parent = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                parent = ".".join([*above, *filter(None, [node.module])])
            for alias in node.names:
                yield node.lineno, f"{parent}.{alias.name}"


def find_faults(root):
    """One sentence for each import under `root`/conversations that runs the wrong way."""
    faults = []
    for path in sorted((root / "conversations").rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        module = ".".join(parts[:-1] if is_package else parts)
        noun = parts[1]
        for line, name in find_imports(path.read_text(), module, is_package):
            forbidden = FORBIDDEN.get(noun, set()) & kinds_of(name, noun)
            if forbidden:
                where = f"{path.relative_to(root)}:{line}"
                faults.append(f"{where}: {noun} may not import {name}")
    return faults


def kinds_of(name, noun):
    """What the import of `name` counts as in FORBIDDEN, seen from a module of `noun`."""
    first, second, *_ = [*name.split("."), ""]
    if first not in SITE:
        return {first}
    if (first, second) == ("conversations", noun):
        return set()
    return {"ours", second} if first == "conversations" else {"ours"}


def test_imports_run_one_way():
    assert find_faults(ROOT) == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("upstream/client.py", "import django.conf"),
        ("upstream/client.py", "from conversations.models import Message"),
        ("upstream/client.py", "from ..models import Message"),
        ("upstream/__init__.py", "from .. import models"),
        ("rendering/block_splitter.py", "from chatsite import settings"),
        ("rendering.py", "from conversations import models"),
        ("models/message.py", "def save():\n    from conversations.upstream import client"),
        ("models.py", "from . import views"),
        ("replies/run.py", "import conversations.views.messages"),
        ("views/messages.py", "from conversations.upstream import Upstream"),
        ("views/messages.py", "from ..upstream import Upstream"),
    ],
)
def test_an_import_the_wrong_way_is_found(tmp_path, path, source):
    bad = tmp_path / "conversations" / path
    bad.parent.mkdir(parents=True)
    bad.write_text(f"import os\n{source}\n")
    [fault] = find_faults(tmp_path)
    line = 1 + len(source.splitlines())
    assert fault.startswith(f"conversations/{path}:{line}: ")


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("upstream/client.py", "import httpx\nfrom .events import Text"),
        (
            "upstream/__init__.py",
            "from .events import Text\nfrom conversations.upstream import demo",
        ),
        ("replies/run.py", "from conversations.models import Message\nfrom .. import upstream"),
        ("views/messages.py", "from conversations.replies import claim\nimport django"),
    ],
)
def test_an_import_the_right_way_is_not(tmp_path, path, source):
    good = tmp_path / "conversations" / path
    good.parent.mkdir(parents=True)
    good.write_text(source)
    assert find_faults(tmp_path) == []
